"""Where a model begins: symbolic inputs."""

from __future__ import annotations

from typing import Any

from kerasfront import dtypes
from kerasfront.backend import symbolic
from kerasfront.layers.layer import Layer


class InputLayer(Layer):
    """The place of one input in a model; its output is a symbolic tensor.

    Args:
        shape: shape without the batch axis. batch_size: size of the batch axis, None for any.
        dtype: of the input. batch_shape: shape with the batch axis, instead of the two.
        input_tensor: a symbolic tensor to use; what else is given must agree with it.
        name: of the input; the key in a dict of inputs.

    Raises:
        ValueError: not one shape exactly, a shape with a wrong size, or a disagreement with `input_tensor`.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ):
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        super().__init__(name=name, **kwargs)
        if sparse or ragged:
            raise ValueError(f"{self.name}: sparse and ragged inputs are not supported. Expected dense ones.")
        if batch_shape is not None and batch_size is not None:
            raise ValueError(
                f"{self.name}: expected at most one of batch_size and batch_shape; got {batch_size} and {batch_shape}."
                f" Leave batch_size out."
            )
        if input_tensor is not None:
            _check_agreement(self.name, input_tensor, shape, batch_size, batch_shape, dtype)
            shape, batch_shape, dtype = None, input_tensor.shape, input_tensor.dtype
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                f"{self.name}: expected exactly one of shape and batch_shape; got {shape} and {batch_shape}. Pass one"
                f" of them."
            )
        if batch_shape is None:
            batch_shape = (batch_size, *(shape if isinstance(shape, (list, tuple)) else (shape,)))
        self.batch_shape = _checked_shape(tuple(batch_shape), self.name)
        self.optional = optional
        self.sparse = self.ragged = False
        self.supports_masking = True
        self._input_dtype = symbolic.KerasTensor((), dtype or self.compute_dtype).dtype
        self.built = True
        tensor = (
            input_tensor
            if input_tensor is not None
            else symbolic.KerasTensor(self.batch_shape, self._input_dtype, name=self.name)
        )
        self._node = symbolic.Node(self, (), {}, tensor)

    @property
    def dtype(self) -> str:
        """The dtype of the input."""
        return self._input_dtype

    @property
    def output(self) -> Any:
        """The symbolic tensor."""
        return self._node.output_structure

    def call(self) -> Any:
        """An input has nothing to compute."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal input."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._input_dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            **({"optional": True} if self.optional else {}),
        }


def _check_agreement(name: str, tensor: Any, shape: Any, batch_size: Any, batch_shape: Any, dtype: Any) -> None:
    if not isinstance(tensor, symbolic.KerasTensor):
        raise ValueError(
            f"{name}: input_tensor is a {type(tensor).__name__}. Expected a symbolic tensor. Pass what keras.Input()"
            f" or a layer called on it returned."
        )
    found = tuple(tensor.shape)
    for argument, given, wanted in (
        ("shape", None if shape is None else tuple(shape), found[1:]),
        ("batch_size", batch_size, found[0] if found else None),
        ("batch_shape", None if batch_shape is None else tuple(batch_shape), found),
        ("dtype", None if dtype is None else dtypes.standardize_dtype(dtype), tensor.dtype),
    ):
        if given is not None and given != wanted:
            raise ValueError(
                f"{name}: {argument} is {given}, but input_tensor has shape {found} and dtype {tensor.dtype}. Expected"
                f" {wanted}. Leave it out."
            )


def _checked_shape(shape: tuple, name: str) -> tuple:
    for size in shape:
        if size is not None and (isinstance(size, bool) or not hasattr(size, "__index__") or size < 0):
            raise ValueError(
                f"{name}: shape {shape} has the size {size!r}. Expected None or an integer of 0 or more in each place."
            )
    return tuple(None if size is None else int(size) for size in shape)


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: Any = None,
    ragged: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> Any:
    """Return a symbolic tensor with which a functional model begins.

    Args:
        shape: shape of one sample, None for sizes that may vary.
        batch_size: None for any.
        dtype: the default float type for None.
        batch_shape: shape with the batch axis, instead of `shape` and `batch_size`.
        name: the key of this input in a dict of inputs.
        tensor: a symbolic tensor to use.
        optional: whether the input may be left out (None).

    Example:
        >>> import kerasfront as keras
        >>> keras.Input((28, 28), name="image").shape
        (None, 28, 28)
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output

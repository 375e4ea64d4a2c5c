"""The base of all initializers."""

from __future__ import annotations

from typing import Any

from kerasfront import dtypes


class Initializer:
    """Makes the first value of a weight from its shape and dtype.

    A subclass implements `__call__(shape, dtype=None)` and, to be saved with arguments, `get_config()`.

    Example:
        >>> import kerasfront as keras
        >>> class Threes(keras.initializers.Initializer):
        ...     def __call__(self, shape, dtype=None, **kwargs):
        ...         return keras.ops.full(shape, 3.0, dtype)
        >>> keras.ops.convert_to_numpy(Threes()((2,)))
        array([3., 3.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return a tensor.

        Args:
            shape: of the tensor.
            dtype: the default float type for None.
            kwargs: for further wishes of a layer; none is used here.
        """
        raise NotImplementedError(
            f"{type(self).__name__}: makes no value. Expected a method __call__(self, shape, dtype=None). Write one."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Make one from what `get_config` gave."""
        return cls(**config)

    def clone(self) -> Initializer:
        """Return another one with the same arguments."""
        return self.__class__.from_config(self.get_config())


def checked_shape(name: str, shape: Any) -> tuple[int, ...]:
    """Return a shape as a tuple of known sizes.

    Raises:
        ValueError: a size is unknown or negative.
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size is None or size < 0 for size in shape):
        raise ValueError(f"{name}: the shape is not known. Expected sizes of 0 or more; got {shape}. Name all of them.")
    return tuple(int(size) for size in shape)


def float_dtype(name: str, dtype: Any) -> str:
    """Return the name of a float dtype.

    Raises:
        ValueError: another kind of dtype.
    """
    found = dtypes.standardize_dtype(dtype)
    if not dtypes.is_float(found):
        raise ValueError(
            f"{name}: draws no {found}. Expected a float dtype; got {found!r}. Use Zeros, Ones or Constant."
        )
    return found

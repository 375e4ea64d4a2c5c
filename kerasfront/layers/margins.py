"""Layers that add to the edges of spatial axes, or cut from them."""

from __future__ import annotations

from typing import Any

from kerasfront import config, ops
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer


def margins(layer: str, name: str, value: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """Return how much is before and behind each spatial axis.

    Args:
        value: one number for all edges, or for each axis a number or a pair; for one axis also a pair.

    Raises:
        ValueError: something else, or a negative number.
    """
    values = value if isinstance(value, (list, tuple)) else (value,) * rank
    if rank == 1 and isinstance(value, (list, tuple)):
        values = (values,)
    pairs = [tuple(one) if isinstance(one, (list, tuple)) else (one, one) for one in values]
    numbers = [number for pair in pairs for number in pair]
    wrong = any(isinstance(one, bool) or not hasattr(one, "__index__") or one < 0 for one in numbers)
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs) or wrong:
        raise ValueError(
            f"{layer}: {name} is {value!r}. Expected an integer of 0 or more, or for each of the {rank} axes one or a"
            f" pair of them. Correct the argument."
        )
    return tuple((int(before), int(behind)) for before, behind in pairs)


class _Margins(Layer):
    """What the layers share; subclasses fix the rank and what is done.

    Args:
        data_format: where the channels are; None for the default.
    """

    rank = 1
    what = ""

    def __init__(self, value: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._pairs = margins(self.name, self.what, value, self.rank)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True

    @property
    def _all_pairs(self) -> list[tuple[int, int]]:
        none = [(0, 0)]
        pairs = list(self._pairs)
        return [*none, *pairs, *none] if self.data_format == "channels_last" else [*none, *none, *pairs]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), self.what: getattr(self, self.what), "data_format": self.data_format}


class _ZeroPadding(_Margins):
    what = "padding"

    @property
    def padding(self) -> Any:
        """What is added, a pair for each axis; one pair for a single axis."""
        return self._pairs if self.rank > 1 else self._pairs[0]

    def call(self, inputs: Any) -> Any:
        """Pad with zeros."""
        return ops.pad(inputs, self._all_pairs)


class ZeroPadding1D(_ZeroPadding):
    """Add zeros before and behind the steps of (batch, steps, channels).

    Args:
        padding: a number for both ends, or a pair.
        data_format: where the channels are; None for the default.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.ZeroPadding1D((1, 0))(keras.ops.array([[[1.0], [2.0], [3.0]]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[[0.0], [1.0], [2.0], [3.0]]]
    """

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding2D(_ZeroPadding):
    """Add zeros around images (batch, height, width, channels).

    Args:
        padding: a number for all edges, or for each axis a number or a pair.
        data_format: where the channels are; None for the default.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.ZeroPadding2D(((1, 0), (2, 2)))(keras.ops.ones((2, 8, 8, 3))).shape == (2, 9, 12, 3)
        True
    """

    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any):
        super().__init__(padding, data_format, **kwargs)


class ZeroPadding3D(_ZeroPadding):
    """Add zeros around volumes (batch, depth, height, width, channels).

    Args:
        padding: a number for all faces, or for each axis a number or a pair.
        data_format: where the channels are; None for the default.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.ZeroPadding3D(1)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 6, 6, 6, 3)
        True
    """

    rank = 3

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any):
        super().__init__(padding, data_format, **kwargs)


class _Cropping(_Margins):
    what = "cropping"

    @property
    def cropping(self) -> Any:
        """What is cut off, a pair for each axis; one pair for a single axis."""
        return self._pairs if self.rank > 1 else self._pairs[0]

    def call(self, inputs: Any) -> Any:
        """Cut."""
        shape = ops.shape(inputs)
        for size, (before, behind) in zip(shape, self._all_pairs, strict=True):
            if size is not None and size <= before + behind:
                raise ValueError(
                    f"{self.name}: cropping {self.cropping} leaves nothing of the input's shape {tuple(shape)}."
                    f" Expected less than the sizes. Lower it."
                )
        return inputs[tuple(slice(before, -behind or None) for before, behind in self._all_pairs)]


class Cropping1D(_Cropping):
    """Cut off steps of (batch, steps, channels).

    Args:
        cropping: a number for both ends, or a pair.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.Cropping1D((1, 0))(keras.ops.array([[[1.0], [2.0], [3.0]]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[[2.0], [3.0]]]
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any):
        super().__init__(cropping, "channels_last", **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config()
        del config["data_format"]
        return config


class Cropping2D(_Cropping):
    """Cut off the edges of images (batch, height, width, channels).

    Args:
        cropping: a number for all edges, or for each axis a number or a pair.
        data_format: where the channels are; None for the default.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Cropping2D(((1, 0), (2, 2)))(keras.ops.ones((2, 8, 8, 3))).shape == (2, 7, 4, 3)
        True
    """

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any):
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cut off the faces of volumes (batch, depth, height, width, channels).

    Args:
        cropping: a number for all faces, or for each axis a number or a pair.
        data_format: where the channels are; None for the default.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Cropping3D(1)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 2, 2, 2, 3)
        True
    """

    rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any):
        super().__init__(cropping, data_format, **kwargs)

"""Primitives that slide a window over (batch, *spatial, channels); the public ops on them are in `convolution.py`."""

from __future__ import annotations

from typing import Any

from kerasfront.backend.dispatch import Tensor, primitive
from kerasfront.ops import _dtypes, _shapes


@primitive(shape=_shapes.convolution, dtype=_dtypes.promote_float)
def convolution(x: Tensor, kernel: Tensor, strides: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    """Return the cross-correlation of inputs with a kernel.

    Shapes: `x` (batch, *spatial, channels), `kernel` (*window, channels / groups, filters); 1 to 3 spatial axes.

    Args:
        strides, dilation: a tuple of ints, one per spatial axis.
        padding: a tuple of pairs of zeros to add (before, after), one per spatial axis.
        groups: channels and filters are cut into so many groups that do not see each other.
    """


@primitive(shape=_shapes.convolution_transpose, dtype=_dtypes.promote_float)
def convolution_transpose(
    x: Tensor, kernel: Tensor, strides: Any, padding: Any, output_size: Any, dilation: Any
) -> Tensor:
    """Return the gradient of `convolution` by its input: each element of x spreads the kernel over the output.

    Shapes: `x` (batch, *spatial, channels), `kernel` (*window, filters, channels); the result (batch, *output_size,
    filters).

    Args:
        strides, padding, dilation: those of the convolution whose input is the result (padding pairs cut off the
        result's ends).
        output_size: spatial sizes of the result.
    """


@primitive(shape=_shapes.windows, dtype=_dtypes.promote)
def max_pooling(x: Tensor, window: Any, strides: Any, padding: Any) -> Tensor:
    """Return the largest value of each window; padding is never the largest, NaN wins.

    Shapes: `x` (batch, *spatial, channels), 1 to 3 spatial axes. The gradient goes to the first of tied values.
    """


@primitive(shape=_shapes.windows, dtype=_dtypes.promote_float)
def average_pooling(x: Tensor, window: Any, strides: Any, padding: Any) -> Tensor:
    """Return the mean of each window over the elements that are no padding."""

"""Elastic deformation of images: the one op that draws random numbers, so it stands above the ops."""

from __future__ import annotations

from typing import Any

from kerasfront.backend.dispatch import Tensor, derived, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _images
from kerasfront.ops.elementwise import add
from kerasfront.ops.image_filters import gaussian_blur
from kerasfront.ops.image_geometry import sampled_images
from kerasfront.ops.indexing import getitem
from kerasfront.random.draws import normal


@derived
def elastic_transform(
    images: Tensor,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Return images whose pixels are moved by smooth random displacements.

    Shapes: one image or a batch; the result is as large. Each image has displacements of its own, all its channels
        the same.

    Args:
        alpha: scale of the displacements.
        sigma: standard deviation, in pixels, of the normal density that smooths them. Displacements have a standard
            deviation of about 0.28 `alpha`, whatever `sigma`.
        interpolation: "nearest" or "bilinear".
        fill_mode: what is beyond the edges: "constant", "nearest", "wrap" or "reflect", as in `map_coordinates`.
        fill_value: for "constant".
        seed: an integer for the same displacements each time, a `SeedGenerator`, or None.
        data_format: "channels_last" or "channels_first"; None for the setting.

    Raises:
        OpError: shapes that do not fit, unknown names, or a `sigma` that is not above 0.

    Source: P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks" (2003), section 2.
    """
    axes = _images.axes_of("elastic_transform", images, data_format)
    if not sigma > 0:
        raise OpError(f"elastic_transform: sigma is {sigma!r}. Expected a number above 0.")
    shape = shape_of(images)
    count = 1 if len(shape) == 3 else shape[0]

    def places(y: Any, x: Any, work: str) -> tuple[Any, Any]:
        noise = normal((count, shape[axes.height], shape[axes.width], 2), stddev=alpha * sigma, dtype=work, seed=seed)
        moves = gaussian_blur(noise, (int(6 * sigma) | 1,) * 2, (sigma, sigma), "channels_last")
        down, right = (getitem(moves, (Ellipsis, i)) for i in range(2))
        return add(down, y), add(right, x)

    return sampled_images("elastic_transform", images, axes, places, interpolation, fill_mode, fill_value)

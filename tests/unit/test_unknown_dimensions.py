"""Linear algebra, Fourier and image ops infer shapes from symbolic tensors with unknown dimensions."""

import numpy as np
import pytest

from kerasfront import ops, tree
from kerasfront.backend.symbolic import KerasTensor

N = None
IDENTITY = [1.0, 0, 0, 0, 1, 0, 0, 0]
SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]

# Op, shapes of its tensors, further arguments, shapes of the results.
CASES = [
    ("cholesky", [(N, 3, 3)], {}, [(N, 3, 3)]),
    ("cholesky", [(N, N, N)], {"upper": True}, [(N, N, N)]),
    ("cholesky_inverse", [(N, 3, 3)], {}, [(N, 3, 3)]),
    ("cholesky_inverse", [(2, N, N)], {}, [(2, N, N)]),
    ("det", [(N, 3, 3)], {}, [(N,)]),
    ("eig", [(N, 3, 3)], {}, [(N, 3), (N, 3, 3)]),
    ("eigh", [(N, 3, 3)], {}, [(N, 3), (N, 3, 3)]),
    ("inv", [(N, 3, 3)], {}, [(N, 3, 3)]),
    ("lstsq", [(N, 3), (N, 2)], {}, [(3, 2)]),
    ("lstsq", [(4, 3), (4,)], {}, [(3,)]),
    ("lu_factor", [(N, 3, 3)], {}, [(N, 3, 3), (N, 3)]),
    ("matrix_rank", [(N, 4, 3)], {}, [(N,)]),
    ("pinv", [(N, 4, 3)], {}, [(N, 3, 4)]),
    ("pinv", [(2, N, 3)], {}, [(2, 3, N)]),
    ("qr", [(N, 4, 3)], {}, [(N, 4, 3), (N, 3, 3)]),
    ("qr", [(N, 4, 3)], {"mode": "complete"}, [(N, 4, 4), (N, 4, 3)]),
    ("svd", [(N, 4, 3)], {}, [(N, 4, 4), (N, 3), (N, 3, 3)]),
    ("svd", [(N, 4, 3)], {"compute_uv": False}, [(N, 3)]),
    ("solve", [(N, 3, 3), (N, 3)], {}, [(N, 3)]),
    ("solve", [(N, 3, 3), (N, 3, 2)], {}, [(N, 3, 2)]),
    ("solve_triangular", [(N, 3, 3), (N, 3, N)], {}, [(N, 3, N)]),
    ("slogdet", [(N, 3, 3)], {}, [(N,), (N,)]),
    ("logdet", [(N, 3, 3)], {}, [(N,)]),
    ("norm", [(N, 3, 4)], {"axis": -1}, [(N, 3)]),
    ("norm", [(N, N, 4)], {"axis": (-2, -1), "ord": "nuc"}, [(N,)]),
    ("norm", [(N, 3, 4)], {"axis": (1, 2), "ord": 1, "keepdims": True}, [(N, 1, 1)]),
    ("dot", [(N, 3), (3, 4)], {}, [(N, 4)]),
    ("inner", [(N, 3), (2, 3)], {}, [(N, 2)]),
    ("outer", [(N,), (3,)], {}, [(N, 3)]),
    ("tensordot", [(N, 3, 4), (4, 3, N)], {"axes": ((1, 2), (1, 0))}, [(N, N)]),
    ("tensordot", [(N, N, 4), (4, 5)], {"axes": 1}, [(N, N, 5)]),
    ("trace", [(N, 3, 3)], {"axis1": 1, "axis2": 2}, [(N,)]),
    ("trace", [(2, N, N)], {"axis1": 1, "axis2": 2}, [(2,)]),
    ("vdot", [(N, 3), (N, 3)], {}, [()]),
    ("rfft", [(N, 6)], {}, [(N, 4), (N, 4)]),
    ("rfft", [(2, N)], {"fft_length": 6}, [(2, 4), (2, 4)]),
    ("extract_sequences", [(N, 10)], {"sequence_length": 4, "sequence_stride": 3}, [(N, 3, 4)]),
    ("extract_sequences", [(2, N)], {"sequence_length": 4, "sequence_stride": 3}, [(2, N, 4)]),
    ("stft", [(N, 10)], {"sequence_length": 4, "sequence_stride": 2, "fft_length": 4}, [(N, 6, 3)] * 2),
    ("stft", [(N, N)], {"sequence_length": 4, "sequence_stride": 2, "fft_length": 4}, [(N, N, 3)] * 2),
    ("resize", [(N, 4, 6, 3)], {"size": (2, 5)}, [(N, 2, 5, 3)]),
    ("resize", [(N, N, N, 3)], {"size": (2, 5)}, [(N, 2, 5, 3)]),
    ("resize", [(N, N, 3)], {"size": (2, 5), "interpolation": "nearest"}, [(2, 5, 3)]),
    ("resize", [(N, 3, N, N)], {"size": (2, 5), "data_format": "channels_first"}, [(N, 3, 2, 5)]),
    ("resize", [(N, 4, 6, N)], {"size": (2, 2), "crop_to_aspect_ratio": True}, [(N, 2, 2, N)]),
    (
        "scale_and_translate",
        [(N, 4, 3)],
        {
            "output_shape": (N, 5, 3),
            "scale": [1.2],
            "translation": [0.1],
            "spatial_dims": (1,),
            "method": "linear",
        },
        [(N, 5, 3)],
    ),
    ("map_coordinates", [(4, N), (2, 7, N)], {"order": 1}, [(7, N)]),
    ("affine_transform", [(N, 4, 6, 3)], {"transform": IDENTITY}, [(N, 4, 6, 3)]),
    ("affine_transform", [(N, N, N, 3), (N, 8)], {}, [(N, N, N, 3)]),
    ("perspective_transform", [(N, N, 6, 3)], {"start_points": SQUARE, "end_points": SQUARE}, [(N, N, 6, 3)]),
    ("elastic_transform", [(N, 4, 6, 3)], {"seed": 1}, [(N, 4, 6, 3)]),
    ("rgb_to_grayscale", [(N, N, N, 3)], {}, [(N, N, N, 1)]),
    ("rgb_to_hsv", [(N, N, N, 3)], {}, [(N, N, N, 3)]),
    ("hsv_to_rgb", [(N, 3, N, N)], {"data_format": "channels_first"}, [(N, 3, N, N)]),
    ("extract_patches", [(N, 4, 6, 3)], {"size": 2}, [(N, 2, 3, 12)]),
    ("extract_patches", [(N, N, 6, N)], {"size": (2, 3), "padding": "same"}, [(N, N, 2, N)]),
    ("extract_patches_3d", [(N, 4, 4, N, 1)], {"size": 2}, [(N, 2, 2, N, 8)]),
    (
        "crop_images",
        [(N, N, 6, 3)],
        {"top_cropping": 1, "left_cropping": 1, "target_height": 4, "right_cropping": 2},
        [(N, 4, 3, 3)],
    ),
    (
        "pad_images",
        [(N, 4, N, 3)],
        {"top_padding": 1, "left_padding": 1, "target_height": 8, "right_padding": 2},
        [(N, 8, N, 3)],
    ),
    ("gaussian_blur", [(N, N, 6, 3)], {}, [(N, N, 6, 3)]),
    ("gaussian_blur", [(N, 4, 6, N)], {}, [(N, 4, 6, N)]),
    ("sobel_edges", [(N, N, N, 3)], {}, [(N, N, N, 3, 2)]),
    ("split", [(N, 3)], {"indices_or_sections": 2}, [(N, 3)] * 2),
    ("array_split", [(2, N)], {"indices_or_sections": 3, "axis": 1}, [(2, N)] * 3),
    ("repeat", [(N, 3)], {"repeats": 2, "axis": 0}, [(N, 3)]),
    ("repeat", [(N, 3)], {"repeats": [2, 3], "axis": 0}, [(5, 3)]),
    ("diagonal", [(N, 4, N)], {"axis1": 0, "axis2": 2}, [(4, N)]),
    ("diag", [(N,)], {}, [(N, N)]),
    ("diag", [(N, 3)], {}, [(N,)]),
    ("diagflat", [(N, 3)], {}, [(N, N)]),
    ("vander", [(N,)], {}, [(N, N)]),
    ("vander", [(N,)], {"N": 3}, [(N, 3)]),
    ("meshgrid", [(N, 3), (2,)], {}, [(2, N)] * 2),
    ("slice", [(N, 3)], {"start_indices": (1, 1), "shape": (-1, -1)}, [(N, 2)]),
    ("ssim", [(N, N, 16, 3), (N, 16, N, 3)], {}, [(N,)]),
]
PAIRS = [
    ("fft", (N, 5), {}, [(N, 5)] * 2),
    ("fft2", (N, N, 4), {}, [(N, N, 4)] * 2),
    ("ifft2", (N, 3, 4), {}, [(N, 3, 4)] * 2),
    ("irfft", (N, 5), {}, [(N, 8)]),
    ("irfft", (N, N), {}, [(N, N)]),
    ("irfft", (N, N), {"fft_length": 7}, [(N, 7)]),
    ("istft", (N, 6, 3), {"sequence_length": 4, "sequence_stride": 2, "fft_length": 4}, [(N, 10)]),
    ("istft", (2, N, 3), {"sequence_length": 4, "sequence_stride": 2, "fft_length": 4}, [(2, N)]),
    ("istft", (2, N, 3), {"sequence_length": 4, "sequence_stride": 2, "fft_length": 4, "length": 9}, [(2, 9)]),
]


def shapes_of(results):
    return [tuple(result.shape) for result in tree.flatten(results)]


@pytest.mark.parametrize(("op", "shapes", "options", "expected"), CASES, ids=lambda value: str(value)[:60])
def test_shape_is_inferred(op, shapes, options, expected):
    found = getattr(ops, op)(*(KerasTensor(shape) for shape in shapes), **options)
    assert shapes_of(found) == expected


@pytest.mark.parametrize(("op", "shape", "options", "expected"), PAIRS, ids=lambda value: str(value)[:60])
def test_shape_is_inferred_from_pairs(op, shape, options, expected):
    assert shapes_of(getattr(ops, op)((KerasTensor(shape), KerasTensor(shape)), **options)) == expected


@pytest.mark.parametrize(
    ("subscripts", "shapes", "expected"),
    [
        ("...ij,jk", [(N, N, 3), (3, 4)], (N, N, 4)),
        ("bii->b", [(N, 3, 3)], (N,)),
        ("...ij,...jk->...ik", [(N, 2, 3), (3, 4)], (N, 2, 4)),
        ("bi,bi->", [(N, 3), (N, 3)], ()),
    ],
)
def test_einsum_shape_is_inferred(subscripts, shapes, expected):
    assert ops.einsum(subscripts, *(KerasTensor(shape) for shape in shapes)).shape == expected


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float64"])
@pytest.mark.parametrize("op", ["resize", "gaussian_blur", "rgb_to_grayscale", "affine_transform", "extract_patches"])
def test_images_keep_their_dtype(op, dtype):
    further = {"resize": [(2, 2)], "affine_transform": [IDENTITY], "extract_patches": [2]}.get(op, [])
    assert getattr(ops, op)(KerasTensor((N, 4, 4, 3), dtype), *further).dtype == dtype


def test_size_may_be_an_array():
    resized = ops.resize(KerasTensor((2, 4, 4, 3)), np.array([3, 5]))
    assert isinstance(resized, KerasTensor)
    assert resized.shape == (2, 3, 5, 3)

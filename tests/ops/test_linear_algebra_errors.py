"""What linear algebra, Fourier and image ops refuse is refused in the same words on every engine."""

import numpy as np
import pytest

from kerasfront import ops
from kerasfront.errors import OpError

MATRIX, SINGULAR = np.eye(3, dtype="float32"), np.ones((3, 3), "float32")
WIDE, VECTOR = np.ones((2, 3), "float32"), np.ones(4, "float32")
IMAGE, BYTES = np.ones((4, 5, 3), "float32"), np.ones((4, 5, 3), "uint8")

REFUSED = [
    ("inv", (SINGULAR,), {}, "inv: a matrix of shape .3, 3. is singular. Expected matrices with an inverse."),
    ("inv", (np.stack([MATRIX, SINGULAR]),), {}, "inv: a matrix of shape .2, 3, 3. is singular"),
    ("inv", (WIDE,), {}, "inv: shape .2, 3. holds no square matrices"),
    ("solve", (SINGULAR, MATRIX), {}, "solve: a matrix of shape .3, 3. is singular"),
    ("solve", (MATRIX, VECTOR), {}, r"solve: a of shape \(3, 3\) and b of shape \(4,\) do not fit"),
    ("solve", (WIDE, VECTOR), {}, "solve: shape .2, 3. holds no square matrices"),
    ("solve_triangular", (np.tri(3, k=-1, dtype="float32"), MATRIX), {"lower": True}, "has 0 on its diagonal"),
    ("cholesky", (SINGULAR - MATRIX,), {}, "cholesky: a matrix of shape .3, 3. is not positive definite"),
    ("cholesky", (WIDE,), {}, "cholesky: shape .2, 3. holds no square matrices"),
    ("logdet", (WIDE,), {}, "logdet: shape .2, 3. holds no square matrices"),
    ("pinv", (VECTOR,), {}, "pinv: shape .4,. holds no matrices"),
    ("lstsq", (WIDE, VECTOR), {}, "lstsq: a of shape .2, 3. and b of shape .4,. do not fit"),
    ("qr", (WIDE,), {"mode": "raw"}, "qr: mode 'raw' is unknown. Expected 'reduced' or 'complete'."),
    ("norm", (WIDE,), {"ord": 3}, "norm: ord 3 is not one of matrices"),
    ("norm", (VECTOR,), {"ord": "nuc"}, "norm: ord 'nuc' is not one of vectors"),
    ("norm", (IMAGE,), {"ord": 1}, "norm: ord 1 over 3 axes"),
    ("norm", (WIDE,), {"axis": (1, 1)}, "norm: axis .1, 1. names one axis twice"),
    ("tensordot", (WIDE, WIDE), {"axes": 1}, "tensordot: axes .1. of shape .2, 3. and .0. of shape .2, 3. do not fit"),
    ("tensordot", (WIDE, WIDE), {"axes": 3}, "tensordot: 3 axes of shapes"),
    ("einsum", ("ij,jk", WIDE), {}, "einsum: 'ij,jk' names 2 operands. Expected 1"),
    ("einsum", ("ijk->i", WIDE), {}, "einsum: 'ijk' in 'ijk->i' stands for a tensor of 2 axes"),
    ("einsum", ("ij->ii", WIDE), {}, "einsum: the output of 'ij->ii' names an index twice"),
    ("einsum", ("i1->i", WIDE), {}, "einsum: 'i1->i' cannot be read"),
    ("fft", ((VECTOR, WIDE),), {}, "fft: real and imaginary parts of shapes .4,. and .2, 3."),
    ("fft", ((VECTOR,),), {}, "fft: 1 tensors. Expected a pair"),
    ("rfft", (VECTOR, 0), {}, "rfft: fft_length is 0. Expected 1 or more."),
    ("stft", (VECTOR, 3, 1, 2), {}, "stft: fft_length 2 is below sequence_length 3"),
    ("stft", (VECTOR, 3, 1, 4, "triangle"), {}, "stft: window 'triangle' is unknown"),
    ("stft", (VECTOR, 3, 1, 8), {}, "stft: 4 values of shape .4,.. Expected more than 4 to reflect"),
    ("stft", (VECTOR, 3, 1, 8), {"center": False}, "stft: fft_length 8 for shape .4,.. Expected at most 4."),
    ("stft", (VECTOR, 3, 1, 4, VECTOR), {}, "stft: window of shape .4,.. Expected .3,., the sequence_length."),
    ("extract_sequences", (VECTOR, 5, 1), {}, "extract_sequences: sequence_length 5 for shape .4,."),
    ("resize", (WIDE, (2, 2)), {}, "resize: images of shape .2, 3. have 2 axes. Expected 3 or 4"),
    ("resize", (IMAGE, (0, 2)), {}, "resize: size is .0, 2.. Expected 2 integers of 1 or more."),
    ("resize", (IMAGE, (2, 2), "area"), {}, "resize: interpolation 'area' is unknown. Expected one of nearest"),
    ("resize", (IMAGE, (2, 2)), {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "are both True"),
    ("resize", (IMAGE, (2, 2)), {"data_format": "first"}, "resize: data_format 'first' is unknown"),
    ("resize", (IMAGE, (2, 2)), {"fill_mode": "wrap"}, "resize: fill_mode 'wrap' is unknown. Expected 'constant'."),
    ("scale_and_translate", (WIDE, (2, 4), [1.0], [0.0], (0,), "linear"), {}, "output_shape .2, 4. for images"),
    ("scale_and_translate", (WIDE, (2, 4), [1.0], [0.0, 1.0], (1,), "linear"), {}, "translation has shape .2,."),
    ("scale_and_translate", (WIDE, (2, 4), [1.0], [0.0], (1,), "nearest"), {}, "method 'nearest' is unknown"),
    (
        "map_coordinates",
        (WIDE, np.ones((1, 3), "float32"), 1),
        {},
        "map_coordinates: 1 coordinates for inputs",
    ),
    ("map_coordinates", (VECTOR, np.ones((1, 3), "float32"), 3), {}, "map_coordinates: order 3 is not supported"),
    ("map_coordinates", (VECTOR, np.ones((1, 3), "float32"), 1, "edge"), {}, "map_coordinates: fill_mode 'edge'"),
    ("affine_transform", (IMAGE, np.ones(6, "float32")), {}, "affine_transform: transform of shape .6,. for images"),
    ("affine_transform", (IMAGE, np.ones(8, "float32"), "bicubic"), {}, "interpolation 'bicubic' is unknown"),
    ("affine_transform", (IMAGE, np.ones(8, "float32")), {"fill_mode": "fill"}, "fill_mode 'fill' is unknown"),
    ("perspective_transform", (IMAGE, np.ones((3, 2)), np.ones((4, 2))), {}, "start_points of shape .3, 2."),
    ("perspective_transform", (IMAGE, np.ones((4, 2)), np.ones((4, 2))), {}, "is singular"),
    ("elastic_transform", (IMAGE,), {"sigma": 0.0}, "elastic_transform: sigma is 0.0. Expected a number above 0."),
    ("rgb_to_grayscale", (IMAGE[..., :2],), {}, "rgb_to_grayscale: images of shape .4, 5, 2. have 2 channels"),
    ("rgb_to_hsv", (BYTES,), {}, "rgb_to_hsv: images of dtype uint8. Expected floats from 0 to 1."),
    ("hsv_to_rgb", (BYTES,), {}, "hsv_to_rgb: images of dtype uint8"),
    ("extract_patches", (IMAGE, (5, 2)), {}, "extract_patches: patches of size 5, dilated 1, in shape"),
    ("extract_patches", (IMAGE, (2, 2)), {"padding": "full"}, "extract_patches: padding 'full' is unknown"),
    ("extract_patches_3d", (IMAGE, 2), {}, "extract_patches_3d: shape .4, 5, 3. for size .2, 2, 2.. Expected 4 or 5"),
    ("crop_images", (IMAGE, 1, 1, 1), {}, "crop_images: left_cropping=1, right_cropping=None, target_width=None."),
    ("crop_images", (IMAGE, 3, 1, 2, 1), {}, "Expected a part of the 4 on axis 0"),
    (
        "pad_images",
        (IMAGE, 1, 1),
        {"target_height": 3, "target_width": 9},
        "Expected 0 or more on both sides",
    ),
    ("gaussian_blur", (IMAGE, (3, 3), (0.0, 1.0)), {}, "gaussian_blur: sigma is .0.0, 1.0."),
    ("ssim", (IMAGE, IMAGE), {}, "ssim: filter_size 11 for images of shape .4, 5, 3.. Expected an odd number"),
    ("ssim", (IMAGE, IMAGE[:2]), {"filter_size": 1}, "ssim: images of shapes .4, 5, 3. and .2, 5, 3."),
]


def tensors(value):
    if isinstance(value, tuple) and any(isinstance(one, np.ndarray) for one in value):
        return tuple(tensors(one) for one in value)
    return ops.convert_to_tensor(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(("op", "arguments", "options", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused_in_our_words(engine, op, arguments, options, words):
    with pytest.raises(OpError, match=words):
        getattr(ops, op)(*(tensors(one) for one in arguments), **options)

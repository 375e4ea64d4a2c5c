"""Derivatives that the cases do not reach: second ones, and those of half types."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops
from kerasfront.backend import registry
from kerasfront.testing.calls import has_float64

IMAGES = ("resize", "gaussian_blur", "rgb_to_hsv")
MATRICES = {
    "tall": np.random.default_rng(1).normal(size=(4, 2)),
    "wide": np.random.default_rng(2).normal(size=(2, 3)),
    "of equal singular values": 1.5 * np.eye(2),
}


@pytest.mark.parametrize("name", sorted(MATRICES))
def test_second_derivative_of_pinv(engine, name):
    matrix = MATRICES[name]
    if not has_float64(registry.get(engine)):
        pytest.skip("differences need float64, which this engine has switched off")
    weights = np.cos(np.arange(matrix.size)).reshape(matrix.shape)
    variable = keras.Variable(matrix, dtype="float64")

    def directional():
        inner = keras.value_and_grad(lambda: ops.sum(ops.power(ops.pinv(variable), 3)), [variable])[1][0]
        return ops.sum(ops.multiply(inner, weights))

    found = ops.convert_to_numpy(keras.value_and_grad(directional, [variable])[1][0])
    step, expected = 1e-5, np.zeros_like(matrix)
    for index in np.ndindex(*matrix.shape):
        moved = [matrix.copy(), matrix.copy()]
        moved[0][index] -= step
        moved[1][index] += step
        low, high = (first_slope(one) for one in moved)
        expected[index] = ((high - low) / (2 * step) * weights).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def first_slope(matrix):
    """The same gradient in closed form: -3 P^T (P^2)^T P^T and the terms of the two projectors."""
    p = np.linalg.pinv(matrix)
    g = 3 * p**2
    left, right = np.eye(len(matrix)) - matrix @ p, np.eye(matrix.shape[1]) - p @ matrix
    return -p.T @ g @ p.T + left @ g.T @ (p @ p.T) + (p.T @ p) @ g.T @ right


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("op", ["inv", "pinv", "det", "cholesky", "norm", "logdet", *IMAGES])
def test_half_types_stay_what_they_are(engine, op, dtype):
    values = np.linspace(0.1, 0.9, 48).reshape(4, 4, 3) if op in IMAGES else 2 * np.eye(3) + 0.5
    further = [(2, 2)] if op == "resize" else []
    found = getattr(ops, op)(ops.cast(ops.convert_to_tensor(values, "float32"), dtype), *further)
    exact = ops.convert_to_numpy(getattr(ops, op)(ops.convert_to_tensor(values, "float32"), *further))
    assert ops.dtype(found) == dtype
    # Eight bits of bfloat16, through a few products.
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(found, "float32")), exact, rtol=0.03, atol=0.03)

"""What is particular to the NumPy adapter; what all adapters share is in the conformance kit."""

import math
import threading

import ml_dtypes
import numpy as np
import pytest

from kerasfront import ops
from kerasfront.backend import dispatch, registry


@pytest.fixture(autouse=True)
def numpy_backend():
    with registry.scope("numpy") as backend:
        yield backend


def _gradient(function, *values):
    return registry.active().value_and_grad(lambda tensors: (function(*tensors), []), list(values))[2]


def _differences(function, x, step=1e-6):
    """Central differences of a scalar function in float64."""
    result = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * step
            ends.append(float(function(moved)))
        result[place] = (ends[0] - ends[1]) / (2 * step)
    return result


RNG = np.random.default_rng(5)
MATRIX = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
SIGNAL = RNG.normal(size=(1, 6, 2))
KERNEL = RNG.normal(size=(3, 2, 4))
PLACES = np.array([[2], [0], [2]], "int32")
SECOND_ORDER = {
    "product with a zero": (lambda x: ops.product(x, 0), np.array([2.0, 0.0, 3.0, 0.0])),
    "running product with a zero": (lambda x: ops.running_product(x, 0), np.array([2.0, 0.0, 3.0])),
    "convolution": (lambda x: ops.square(ops.convolution(x, KERNEL, (2,), ((1, 1),), (1,), 1)), SIGNAL),
    "grouped convolution": (lambda x: ops.square(ops.convolution(x, KERNEL[:, :1], (1,), ((0, 0),), (2,), 2)), SIGNAL),
    "max_pooling": (lambda x: ops.square(ops.max_pooling(x, (3,), (2,), ((1, 1),))), SIGNAL),
    "average_pooling": (lambda x: ops.square(ops.average_pooling(x, (3,), (2,), ((1, 1),))), SIGNAL),
    "gather": (lambda x: ops.square(ops.take(x, [0, -1, 0], 1)), SIGNAL),
    "scatter_set with one place twice": (lambda x: ops.square(ops.scatter_set(np.ones(3), PLACES, x)), np.arange(3.0)),
    "einsum with a diagonal": (lambda x: ops.einsum("ii,ij,jk->k", x, x, x), MATRIX),
    "qr": (lambda x: ops.qr_factors(x)[0], MATRIX),
    "real_fft": (lambda x: ops.square(ops.abs(ops.real_fft(x))), SIGNAL[..., 0]),
}


@pytest.mark.parametrize("name", SECOND_ORDER)
def test_second_gradient_matches_differences_of_the_first(name):
    function, x = SECOND_ORDER[name]
    weights = np.random.default_rng(0)

    def loss(x):
        value = function(x)
        return ops.sum(ops.multiply(value, np.cos(np.arange(value.size)).reshape(value.shape)))

    direction = weights.normal(size=x.shape)
    slope = lambda x: ops.sum(ops.multiply(_gradient(loss, x)[0], direction))  # noqa: E731
    np.testing.assert_allclose(_gradient(loss, x)[0], _differences(loss, x), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(_gradient(slope, x)[0], _differences(slope, x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_gradients_keep_the_dtype(dtype):
    x = np.arange(1, 7).reshape(2, 3).astype(np.dtype(dtype))
    loss = lambda x: ops.mean(ops.maximum(ops.sqrt(x), 1.5) ** 2 / 3)  # noqa: E731
    (gradient,) = _gradient(loss, x)
    assert gradient.dtype == x.dtype
    # d/dx mean(x / 3) where sqrt(x) > 1.5, that is from 3 on.
    np.testing.assert_allclose(gradient.astype("float64").ravel(), [0, 0] + [1 / 18] * 4, rtol=1e-2)


@pytest.mark.parametrize("path", [lambda x: ops.cast(ops.cast(x, "int32"), "float32"), ops.stop_gradient, ops.floor])
def test_no_gradient_passes_integers_and_barriers(path):
    assert _gradient(lambda x: ops.sum(path(x)), np.float32([1.5, 2.5])) == [None]


def test_threads_do_not_share_levels_of_differentiation(numpy_backend):
    wrong = []

    def work():
        with registry.scope(numpy_backend):
            for _ in range(30):
                x = np.arange(3.0)
                inner = lambda x: ops.sum(_gradient(lambda y: ops.sum(y * y * y), x)[0])  # noqa: E731
                if not np.allclose(_gradient(inner, x)[0], 6 * x):
                    wrong.append(x)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_failing_function_leaves_no_trace_behind():
    with pytest.raises(ZeroDivisionError):
        _gradient(lambda x: 1 / 0, np.ones(2))
    np.testing.assert_array_equal(_gradient(lambda x: ops.sum(x * x), np.ones(2))[0], [2, 2])


def test_erf_and_its_inverse_are_exact_to_a_few_ulp():
    x = np.linspace(-6.5, 6.5, 4001)
    np.testing.assert_allclose(ops.erf(x), [math.erf(each) for each in x], rtol=5e-16, atol=0)
    y = np.concatenate([np.linspace(-0.9999, 0.9999, 2001), 1 - 10.0 ** -np.arange(4, 15)])
    back = ops.erfinv(y)
    # erfc tells apart what erf rounds to 1.
    np.testing.assert_allclose([math.erfc(each) for each in back], 1 - y, rtol=1e-13, atol=0)
    np.testing.assert_array_equal(ops.erfinv(np.array([1.0, -1.0, 0.0, 2.0])), [np.inf, -np.inf, 0, np.nan])


@pytest.mark.parametrize("scalar", [np.int32(1), np.float16(1), np.bool_(True), ml_dtypes.bfloat16(1)])
def test_numpy_scalars_belong_to_no_engine(scalar):
    assert dispatch.owner_of(scalar) is dispatch.WEAK


def test_a_handle_does_not_share_memory_with_the_value(numpy_backend):
    value = np.ones(2, "float32")
    handle = numpy_backend.create_handle(value, True)
    value[0] = 5
    handle = numpy_backend.write_handle(handle, handle)
    assert handle.tolist() == [1, 1]
    assert not np.shares_memory(numpy_backend.to_numpy(handle), handle)


def test_lu_of_a_wide_batch_rebuilds_the_matrices():
    x = RNG.normal(size=(2, 3, 4))
    packed, pivots = ops.lu_factor(x)
    for each, factors, exchanges in zip(x, packed, pivots, strict=True):
        rows = each.copy()
        for step, other in enumerate(exchanges):
            rows[[step, other]] = rows[[other, step]]
        lower = np.tril(factors[:, :3], -1) + np.eye(3)
        np.testing.assert_allclose(lower @ np.triu(factors), rows, atol=1e-12)
        assert np.abs(lower).max() <= 1

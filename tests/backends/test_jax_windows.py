"""Convolution and pooling in the forms that XLA's CPU is good at."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")
jnp = jax.numpy
windows = pytest.importorskip("kerasfront_jax.ops.windows")


def test_gradients_of_windows_are_those_of_xla_in_each_form(monkeypatch):
    source = np.random.RandomState(0)
    x, kernel = (jnp.asarray(source.rand(*shape), "float32") for shape in ((3, 2, 7, 6, 2), (3, 2, 2, 4)))

    def found(x, kernel):
        y = windows.convolution(x, kernel, (2, 1), ((1, 1), (0, 1)), (1, 1), 1)
        return (windows.max_pooling(y, (2, 2), (2, 2), ((0, 0), (1, 0))) ** 3).sum()

    def plain(x, kernel):
        dimensions = ("NHWC", "HWIO", "NHWC")
        y = jax.lax.conv_general_dilated(x, kernel, (2, 1), ((1, 1), (0, 1)), dimension_numbers=dimensions)
        pads = ((0, 0), (0, 0), (1, 0), (0, 0))
        return (jax.lax.reduce_window(y, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), pads) ** 3).sum()

    def close(a, b):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-4)

    for limit in (windows._MOST_PATCHES, 0):
        monkeypatch.setattr(windows, "_MOST_PATCHES", limit)
        for one, other in zip(jax.grad(found, (0, 1))(x[0], kernel), jax.grad(plain, (0, 1))(x[0], kernel)):
            close(one, other)
        close(jax.vmap(jax.grad(found), (0, None))(x, kernel), jnp.stack([jax.grad(plain)(one, kernel) for one in x]))
        close(jax.hessian(found, 1)(x[0], kernel), jax.hessian(plain, 1)(x[0], kernel))
        ones = jnp.ones_like(x[0])
        close(*(jax.jvp(lambda x, f=f: f(x, kernel), (x[0],), (ones,))[1] for f in (found, plain)))

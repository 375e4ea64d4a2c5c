"""Ops on symbolic tensors with unknown dimensions: what is inferred, and models that hold them."""

import numpy as np
import pytest

from kerasfront import KerasTensor, layers, models, ops

ROWS = KerasTensor((None, 4), "float32")
FACES = KerasTensor((None, 4, 4), "float32")
PAIRS = KerasTensor((None, 2), "float32")
WHOLE = KerasTensor((None, 4), "int32")
VECTOR = KerasTensor((None,), "float32")

INFERRED = {
    "cbrt": (lambda: ops.cbrt(ROWS), (None, 4), "float32"),
    "erfc": (lambda: ops.erfc(ROWS), (None, 4), "float32"),
    "i0": (lambda: ops.i0(ROWS), (None, 4), "float32"),
    "sinc": (lambda: ops.sinc(WHOLE), (None, 4), "float32"),
    "hypot": (lambda: ops.hypot(ROWS, VECTOR[:, None]), (None, 4), "float32"),
    "nextafter": (lambda: ops.nextafter(ROWS, 1.0), (None, 4), "float32"),
    "signbit": (lambda: ops.signbit(ROWS), (None, 4), "bool"),
    "angle": (lambda: ops.angle(ROWS), (None, 4), "float32"),
    "isclose": (lambda: ops.isclose(ROWS, 1.0), (None, 4), "bool"),
    "allclose": (lambda: ops.allclose(ROWS, 1.0), (), "bool"),
    "fmax": (lambda: ops.fmax(ROWS, WHOLE), (None, 4), "float32"),
    "gcd": (lambda: ops.gcd(WHOLE, 4), (None, 4), "int32"),
    "lcm": (lambda: ops.lcm(WHOLE, WHOLE), (None, 4), "int32"),
    "fmod": (lambda: ops.fmod(ROWS, 2), (None, 4), "float32"),
    "view_as_complex": (lambda: ops.view_as_complex(PAIRS), (None,), "complex64"),
    "view_as_real": (lambda: ops.view_as_real(ops.polar(ROWS, ROWS)), (None, 4, 2), "float32"),
    "diagonal": (lambda: ops.diagonal(FACES, 1, 1, 2), (None, 3), "float32"),
    "vander": (lambda: ops.vander(VECTOR, 3), (None, 3), "float32"),
    "fliplr": (lambda: ops.fliplr(ROWS), (None, 4), "float32"),
    "kron": (lambda: ops.kron(ROWS, np.ones((2, 3), "float32")), (None, 12), "float32"),
    "cross": (lambda: ops.cross(PAIRS, PAIRS), (None,), "float32"),
    "rearrange": (lambda: ops.rearrange(FACES, "b h (w p) -> b p (h w)", p=2), (None, 2, 8), "float32"),
    "rearrange joined": (lambda: ops.rearrange(FACES, "b h w -> (b h) w"), (None, 4), "float32"),
    "argpartition": (lambda: ops.argpartition(ROWS, 2), (None, 4), "int32"),
    "bartlett": (lambda: ops.bartlett(KerasTensor((), "int32")), (None,), "float32"),
    "select": (lambda: ops.select([ops.less(ROWS, 0)], [ROWS], 1), (None, 4), "float32"),
    "vectorize": (lambda: ops.vectorize(ops.sum, signature="(n)->()")(ROWS), (None,), "float32"),
    "get_item": (lambda: ops.get_item(ROWS, (slice(None), 1)), (None,), "float32"),
}


@pytest.mark.parametrize("name", INFERRED)
def test_unknown_dimensions_stay_unknown(name):
    call, shape, dtype = INFERRED[name]
    result = call()
    assert (result.shape, result.dtype) == (shape, dtype)


LISTS = {
    "hsplit": (lambda: ops.hsplit(ROWS, 2), [(None, 2)] * 2),
    "array_split": (lambda: ops.array_split(ROWS, 3, -1), [(None, 2), (None, 1), (None, 1)]),
    "meshgrid": (lambda: ops.meshgrid(VECTOR, KerasTensor((3,), "float32")), [(3, None)] * 2),
    "unravel_index": (lambda: ops.unravel_index(WHOLE, (2, 3)), [(None, 4)] * 2),
    "dstack": (lambda: [ops.dstack([ROWS, ROWS])], [(None, 4, 2)]),
}


@pytest.mark.parametrize("name", LISTS)
def test_several_results_have_their_shapes(name):
    call, shapes = LISTS[name]
    assert [one.shape for one in call()] == shapes


IN_MODELS = {
    "rearrange": lambda x: ops.rearrange(x, "b (h w) -> b w h", h=2),
    "hypot": lambda x: ops.hypot(x, 1.0),
    "hsplit": lambda x: ops.add(*ops.hsplit(x, 2)),
    "select": lambda x: ops.select([ops.less(x, 0)], [x * 2], x),
    "vectorize": lambda x: ops.vectorize(lambda v: ops.sum(v * v), signature="(n)->()")(x),
    "kron": lambda x: ops.kron(x, np.ones((1, 2), "float32")),
    "cbrt": ops.cbrt,
    "erfc": ops.erfc,
    "fmod": lambda x: ops.fmod(x, 0.7),
}


@pytest.mark.parametrize("name", IN_MODELS)
def test_op_in_a_functional_model_is_the_op(engine, name):
    call = IN_MODELS[name]
    source = layers.Input((4,))
    model = models.Model(source, call(source))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    assert np.allclose(ops.convert_to_numpy(model(x)), ops.convert_to_numpy(call(ops.convert_to_tensor(x))), atol=1e-6)


def test_model_with_these_ops_trains(engine):
    source = layers.Input((4,))
    hidden = ops.sinc(ops.rearrange(layers.Dense(6)(source), "b (h w) -> b w h", h=2))
    model = models.Model(source, layers.Dense(1)(ops.rearrange(ops.erfc(hidden), "b w h -> b (w h)")))
    model.compile(optimizer="adam", loss="mse")
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    before = model.evaluate(x, x[:, :1], verbose=0)
    model.fit(x, x[:, :1], epochs=5, verbose=0)
    assert model.evaluate(x, x[:, :1], verbose=0) < before

"""Initializers: moments, bounds, equal bits on all engines, seeds, data, errors."""

import json
import math

import keras as oracle
import numpy as np
import pytest

import kerasfront as keras
from kerasfront import initializers, ops

FAN_OUT = {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"}
BY_AXES = {"distribution": "uniform", "input_axes": (0, 1), "output_axes": (2,)}
# name, arguments, shape, mean, standard deviation, largest absolute value
RANDOM = [
    ("RandomNormal", {"mean": 1.0, "stddev": 0.5}, (100, 300), 1.0, 0.5, None),
    ("TruncatedNormal", {"stddev": 0.5}, (100, 300), 0.0, 0.5 * 0.87962566103423978, 1.0),
    ("RandomUniform", {"minval": -0.2, "maxval": 0.2}, (100, 300), 0.0, 0.4 / math.sqrt(12), 0.2),
    ("GlorotUniform", {}, (100, 300), 0.0, math.sqrt(2 / 400), math.sqrt(6 / 400)),
    ("GlorotNormal", {}, (100, 300), 0.0, math.sqrt(2 / 400), None),
    ("HeUniform", {}, (100, 300), 0.0, math.sqrt(2 / 100), math.sqrt(6 / 100)),
    ("HeNormal", {}, (3, 3, 16, 64), 0.0, math.sqrt(2 / 144), None),
    ("LecunUniform", {}, (100, 300), 0.0, math.sqrt(1 / 100), math.sqrt(3 / 100)),
    ("LecunNormal", {}, (30000,), 0.0, math.sqrt(1 / 30000), None),
    ("VarianceScaling", FAN_OUT, (100, 300), 0.0, 0.1, None),
    ("VarianceScaling", BY_AXES, (10, 20, 100), 0.0, math.sqrt(1 / 200), math.sqrt(3 / 200)),
    ("Orthogonal", {"gain": 2.0}, (100, 100), 0.0, 0.2, None),
]  # fmt: skip
draws = pytest.mark.parametrize(("name", "arguments", "shape", "mean", "stddev", "bound"), RANDOM)


@draws
def test_moments_and_bounds(engine, name, arguments, shape, mean, stddev, bound):
    x = ops.convert_to_numpy(getattr(initializers, name)(**arguments, seed=3)(shape)).astype("float64")
    assert x.shape == shape
    # Five standard errors; no kurtosis here is above 3, so that of the standard deviation is at most 1 / sqrt(2 n).
    assert abs(x.mean() - mean) < 5 * stddev / math.sqrt(x.size)
    assert abs(x.std() / stddev - 1) < 5 / math.sqrt(2 * x.size)
    if bound is not None:
        assert abs(x).max() <= bound * (1 + 1e-6) and abs(x).max() > 0.99 * bound


@draws
def test_bits_are_equal_on_all_engines(engine, name, arguments, shape, mean, stddev, bound):
    make = lambda: ops.convert_to_numpy(getattr(initializers, name)(**arguments, seed=3)(shape))  # noqa: E731
    got = make()
    with keras.backend.scope("numpy"):
        want = make()
    assert got.dtype == want.dtype == np.float32
    np.testing.assert_array_equal(got.view("int32"), want.view("int32"))


@draws
def test_scale_is_that_of_keras(name, arguments, shape, mean, stddev, bound):
    want = np.asarray(getattr(oracle.initializers, name)(**arguments, seed=3)(shape)).std()
    got = ops.convert_to_numpy(getattr(initializers, name)(**arguments, seed=3)(shape)).std()
    assert got == pytest.approx(want, rel=0.03)


def test_an_integer_seed_repeats_and_a_generator_goes_on(engine):
    fixed, series = initializers.RandomNormal(seed=5), initializers.RandomNormal(seed=keras.random.SeedGenerator(5))
    draw = lambda one: ops.convert_to_numpy(one((4,))).tolist()  # noqa: E731
    assert draw(fixed) == draw(fixed)
    assert draw(series) != draw(series)


def test_without_seed_the_global_one_decides(engine):
    def draw():
        keras.utils.set_random_seed(11)
        made = [initializers.GlorotUniform(), initializers.GlorotUniform()]
        return [ops.convert_to_numpy(one((4,))).tolist() for one in made]

    first, second = draw(), draw()
    assert first == second and first[0] != first[1]


@pytest.mark.parametrize(("shape", "transposed"), [((5, 3), False), ((3, 5), True), ((2, 3, 4), False)])
def test_orthogonal_has_orthonormal_rows_or_columns(engine, shape, transposed):
    q = ops.convert_to_numpy(initializers.Orthogonal(seed=1)(shape)).reshape(-1, shape[-1]).astype("float64")
    product = q @ q.T if transposed else q.T @ q
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize(
    "name", ["Zeros", "Ones", "Constant", "Identity", "GlorotUniform", "Orthogonal", "TruncatedNormal"]
)
def test_dtype_is_the_one_asked_for(engine, name, dtype):
    assert ops.dtype(getattr(initializers, name)()((3, 4), dtype=dtype)) == dtype


CONSTANTS = [
    ("Zeros", {}, (2, 3), np.zeros((2, 3))),
    ("Ones", {}, (2,), np.ones(2)),
    ("Constant", {"value": 2.5}, (2, 2), np.full((2, 2), 2.5)),
    ("Constant", {"value": [1.0, 2.0]}, (3, 2), np.array([[1.0, 2.0]] * 3)),
    ("Identity", {"gain": 3.0}, (2, 3), np.array([[3.0, 0, 0], [0, 3.0, 0]])),
]


@pytest.mark.parametrize(("name", "arguments", "shape", "want"), CONSTANTS)
def test_constants(engine, name, arguments, shape, want):
    np.testing.assert_array_equal(ops.convert_to_numpy(getattr(initializers, name)(**arguments)(shape)), want)


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "bartlett", "boxcar", None])
@pytest.mark.parametrize("scaling", ["density", "spectrum", None])
@pytest.mark.parametrize("periodic", [False, True])
def test_fourier_kernels_are_those_of_keras(engine, side, window, scaling, periodic):
    arguments = {"side": side, "window": window, "scaling": scaling, "periodic": periodic}
    want = np.asarray(oracle.initializers.STFT(**arguments)((8, 1, 5)))
    # Keras takes angles of up to 22 in float32, where a rounding is up to 1e-6.
    np.testing.assert_allclose(ops.convert_to_numpy(initializers.STFT(**arguments)((8, 1, 5))), want, atol=3e-6)


# Keras leaves the gain out of the data of Identity.
SAVED = [(name, arguments) for name, arguments, *_ in RANDOM] + [
    ("Constant", {"value": 2.0}),
    ("Zeros", {}),
    ("STFT", {}),
    ("Ones", {}),
]


@pytest.mark.parametrize(("name", "arguments"), SAVED)
@pytest.mark.parametrize("seed", [None, 7])
def test_data_are_those_of_keras_and_make_an_equal_one(name, arguments, seed):
    arguments = {**arguments, **({} if name in ("Constant", "Zeros", "Ones", "STFT") else {"seed": seed})}
    made = getattr(initializers, name)(**arguments)
    saved = initializers.serialize(made)
    # As JSON, which has no tuples.
    theirs = oracle.initializers.serialize(getattr(oracle.initializers, name)(**arguments))
    assert json.loads(json.dumps(saved)) == json.loads(json.dumps(theirs))
    again = initializers.deserialize(saved)
    assert type(again) is type(made) and again.get_config() == made.get_config()
    assert type(made.clone()) is type(made)


def test_a_seed_generator_is_saved_with_its_seed(engine):
    made = initializers.RandomNormal(seed=keras.random.SeedGenerator(9))
    again = initializers.deserialize(initializers.serialize(made))
    np.testing.assert_array_equal(ops.convert_to_numpy(made((3,))), ops.convert_to_numpy(again((3,))))


def test_there_are_the_initializers_of_keras():
    public = {
        name
        for name in dir(oracle.initializers)
        if callable(getattr(oracle.initializers, name)) and not name.startswith("_")
    }
    assert public <= set(dir(initializers))


NAMES = ["glorot_uniform", "GlorotUniform", "zeros", "zero", "one", "normal", "uniform", "identity",
         "IdentityInitializer", "orthogonal", "OrthogonalInitializer", "stft", "lecun_normal"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_keras(name):
    assert type(initializers.get(name)).__name__ == type(oracle.initializers.get(name)).__name__


def test_classes_objects_functions_arrays_and_none_are_taken(engine):
    made = initializers.Ones()
    function = lambda shape, dtype=None: ops.ones(shape, dtype)  # noqa: E731
    assert initializers.get(made) is made and initializers.get(function) is function and initializers.get(None) is None
    assert isinstance(initializers.get(initializers.HeNormal), initializers.HeNormal)
    np.testing.assert_array_equal(ops.convert_to_numpy(initializers.get(np.arange(3.0))((3,))), [0, 1, 2])


REFUSED = [
    (lambda: initializers.get("glorot_unifrom"), "Did you mean 'glorot_uniform'"),
    (lambda: initializers.RandomNormal(stddev=-1.0), "RandomNormal: stddev is out of range"),
    (lambda: initializers.RandomUniform(1.0, 0.0), "RandomUniform: the bounds are in the wrong order"),
    (lambda: initializers.RandomNormal(seed="a"), "RandomNormal: the seed does not fit"),
    (lambda: initializers.HeNormal(seed=1.5), "HeNormal: the seed does not fit"),
    (lambda: initializers.VarianceScaling(scale=0), "VarianceScaling: scale is out of range"),
    (lambda: initializers.VarianceScaling(mode="fan"), "VarianceScaling: unknown mode 'fan'"),
    (lambda: initializers.VarianceScaling(distribution="gauss"), "unknown distribution 'gauss'"),
    (lambda: initializers.VarianceScaling(input_axes=(0,)), "only one of input_axes and output_axes"),
    (lambda: initializers.Identity()((2, 2, 2)), r"Identity: makes matrices only.*\(2, 2, 2\)"),
    (lambda: initializers.Orthogonal()((5,)), r"Orthogonal: makes matrices only.*\(5,\)"),
    (lambda: initializers.RandomNormal()((2,), dtype="int32"), "RandomNormal: draws no int32"),
    (lambda: initializers.Zeros()((None, 2)), "Zeros: the shape is not known"),
    (lambda: initializers.STFT(side="left"), "STFT: unknown side 'left'"),
    (lambda: initializers.STFT(window="han"), "STFT: unknown window 'han'"),
    (lambda: initializers.STFT(scaling="power"), "STFT: unknown scaling 'power'"),
    (lambda: initializers.STFT()((4, 2, 3)), "STFT: the shape is no frame kernel"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

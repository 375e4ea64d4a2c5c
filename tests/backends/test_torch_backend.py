"""What is particular to the PyTorch backend: changes in place, whole-step compilation, conversion, nested gradients."""

import warnings

import ml_dtypes
import numpy as np
import pytest

import kerasfront as keras
from kerasfront import backend, ops

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def on_torch():
    with backend.scope("torch"):
        yield


def adam_state(shape=(3,)):
    return [keras.Variable(np.full(shape, value, "float32")) for value in (1.0, 0.5, 0.25)]


def update(variables, gradient=2.0):
    w, m, v = variables
    gradients = [ops.full(w.shape, gradient)]
    new = ops.adam_update(
        [w], gradients, [m], [v], ops.convert_to_tensor(0.1), ops.convert_to_tensor(1), 0.9, 0.999, 1e-7
    )
    for variable, (value,) in zip(variables, new, strict=True):
        variable.assign(value)


def test_optimizer_update_changes_memory_that_only_the_variables_hold():
    variables = adam_state()
    places = [variable.handle.data_ptr() for variable in variables]
    update(variables)
    assert [variable.handle.data_ptr() for variable in variables] == places
    assert (variables[0].numpy() < 1).all()


def test_value_read_before_an_update_stays():
    variables = adam_state()
    before = variables[0].value
    update(variables)
    assert before.tolist() == [1.0, 1.0, 1.0]
    assert (variables[0].numpy() < 1).all()


def test_view_of_a_value_stays():
    variables = adam_state()
    view = ops.reshape(variables[0].value, (3, 1))
    update(variables)
    assert view.tolist() == [[1.0]] * 3


def test_variable_that_shares_a_value_stays():
    variables, other = adam_state(), keras.Variable(np.zeros(3, "float32"))
    other.assign(variables[0])
    update(variables)
    assert other.numpy().tolist() == [1.0, 1.0, 1.0]


def test_array_a_variable_was_made_from_stays():
    array = np.ones(3, "float32")
    variables = [keras.Variable(array), *adam_state()[1:]]
    update(variables)
    assert array.tolist() == [1.0, 1.0, 1.0]


def model():
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(4, activation="relu"), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    return keras.Sequential(layers)


def test_training_step_changes_weights_in_place():
    net = model()
    net.compile("adam", "mse")
    x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
    net.fit(x, y, verbose=0)
    places = [weight.handle.data_ptr() for weight in net.trainable_weights]
    net.fit(x, y, verbose=0)
    assert [weight.handle.data_ptr() for weight in net.trainable_weights] == places


def test_whole_step_compiled_trains_as_the_eager_one():
    x = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    losses = []
    for jit_compile in (False, True):
        net = model()
        net.compile("adam", "mse", jit_compile=jit_compile)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            losses.append(
                net.fit(x, x.sum(1, keepdims=True), epochs=3, batch_size=16, shuffle=False, verbose=0).history["loss"]
            )
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_step_that_looks_at_values_runs_eagerly_and_says_why():
    def halved(x):
        return x / 2 if float(ops.sum(x)) > 0 else x

    compiled = keras.function(halved, jit_compile=True)
    with pytest.warns(UserWarning, match="the step runs eagerly"):
        result = compiled(ops.ones((2,)))
    assert result.tolist() == [0.5, 0.5]


def test_own_error_of_a_compiled_function_comes_through():
    def wrong(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        keras.function(wrong, jit_compile=True)(ops.ones((2,)))


def test_second_derivative_by_nesting():
    w = keras.Variable(3.0)

    def slope():
        _, (gradient,) = keras.value_and_grad(lambda: w * w * w, [w])
        return gradient

    value, (second,) = keras.value_and_grad(slope, [w])
    assert float(value) == 27.0
    assert float(second) == 18.0


def test_nothing_tracks_gradients_after_value_and_grad():
    w = keras.Variable(3.0)
    (loss, kept), _ = keras.value_and_grad(lambda: (w * w, w + 1.0), [w], has_aux=True)
    assert not loss.requires_grad
    assert not kept.requires_grad
    assert not w.handle.requires_grad


@pytest.mark.parametrize(
    "dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64", "complex64", "bool"]
)
def test_dtype_survives_the_way_to_the_engine_and_back(dtype):
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    array = np.array([0, 1, 1], "float32").astype(kind)
    back = ops.convert_to_numpy(ops.convert_to_tensor(array))
    assert back.dtype == kind
    assert back.tolist() == array.tolist()


def test_array_with_negative_strides_converts():
    assert ops.convert_to_tensor(np.arange(4)[::-1]).tolist() == [3, 2, 1, 0]


def test_change_of_the_returned_array_leaves_the_weight():
    w = keras.Variable([1.0, 2.0])
    ops.convert_to_numpy(w)[0] = 9.0
    assert w.numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "maximum", "floor_divide", "less", "sum", "max", "argmax"]
)
def test_wide_unsigned_integers_compute(name):
    x = np.array([4_000_000_000, 7], "uint32")
    arguments = (x, np.array([5, 500_000_000], "uint32"))[: 1 if name in ("sum", "max", "argmax") else 2]
    expected = getattr(np, name)(*arguments, **({"dtype": "uint32"} if name == "sum" else {}))
    assert ops.convert_to_numpy(getattr(ops, name)(*arguments)).tolist() == expected.tolist()


def test_data_loader_gives_host_batches_and_its_length():
    data = torch.utils.data.TensorDataset(torch.arange(5.0)[:, None], torch.arange(5))
    batches = backend.active().as_iterable(torch.utils.data.DataLoader(data, batch_size=2))
    assert len(batches) == 3
    assert [type(leaf) for leaf in next(iter(batches))] == [np.ndarray, np.ndarray]

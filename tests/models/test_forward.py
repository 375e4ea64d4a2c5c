"""`model(x)` again and again: the values of the first call, whatever has changed in between."""

import copy

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops
from kerasfront.models import forward

X = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")


def model_of(*layers, shape=(6,), **options):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input(shape, **options), *layers])


def called(model, x=X, times=4, **kwargs):
    """The results of calls in a row, as host arrays."""
    tensor = ops.convert_to_tensor(x)
    return [ops.convert_to_numpy(model(tensor, **kwargs)) for _ in range(times)]


def assert_all_like(found, expected):
    for one in found:
        np.testing.assert_allclose(one, expected, rtol=1e-6, atol=1e-7)


def is_compiled(model):
    found = model.__dict__.get("_forward")
    return found is not None and any(one.__name__ == "compiled" for one in found._forms.values())


@pytest.fixture
def compiles(engine):
    """Whether the engine compiles at all."""
    return engine in ("jax", "tensorflow")


def test_later_calls_have_the_values_of_the_first(compiles):
    model = model_of(keras.layers.Dense(5, "relu"), keras.layers.Dropout(0.5), keras.layers.BatchNormalization())
    first, *others = called(model)
    assert_all_like(others, first)
    assert is_compiled(model) == compiles
    assert_all_like(called(model, X[:2]), first[:2])
    assert_all_like(called(model, training=False), first)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_host_arrays_take_the_compiled_call(engine, compiles, dtype):
    model = model_of(keras.layers.Dense(5, "relu"), keras.layers.Dense(2))
    first, *others = [model(X.astype(dtype)) for _ in range(4)]
    assert all(keras.backend.get(engine).is_tensor(one) for one in (first, *others))
    assert {str(keras.backend.standardize_dtype(one.dtype)) for one in (first, *others)} == {"float32"}
    assert_all_like(map(ops.convert_to_numpy, others), ops.convert_to_numpy(first))
    assert is_compiled(model) == compiles
    assert_all_like(called(model), ops.convert_to_numpy(first))
    model.to_backend("numpy")
    with keras.backend.scope("numpy"):
        assert_all_like([model(X.astype(dtype)) for _ in range(2)], ops.convert_to_numpy(first))
    model.to_backend(engine)
    assert_all_like([ops.convert_to_numpy(model(X.astype(dtype)))], ops.convert_to_numpy(first))


def test_integers_on_the_host_that_a_table_does_not_have_are_refused_every_time(engine):
    model = model_of(keras.layers.Embedding(4, 2), shape=(3,), dtype="int32")
    good, bad = np.array([[0, 1, 3]], "int32"), np.array([[0, 1, 4]], "int32")
    for _ in range(3):
        assert model(good).shape == (1, 3, 2)
        with pytest.raises(ValueError, match="4 is out of range"):
            model(bad)


def test_new_weights_and_new_attributes_are_seen(engine):
    model = model_of(keras.layers.Dense(6, name="dense"))
    before = called(model)[-1]
    model.layers[0].activation = keras.activations.tanh
    assert_all_like(called(model), np.tanh(before))
    model.layers[0].activation = keras.activations.linear
    model.set_weights([2 * weight for weight in model.get_weights()])
    assert_all_like(called(model), 2 * before)
    model.pop()
    model.add(keras.layers.Dense(2))
    assert called(model)[-1].shape == (3, 2)


def test_training_draws_anew_and_moves_the_averages(engine):
    model = model_of(keras.layers.BatchNormalization(), keras.layers.Dropout(0.5))
    called(model)
    mean = model.layers[0].moving_mean.numpy()
    first, second = called(model, times=2, training=True)
    assert not np.array_equal(first, second)
    assert not np.array_equal(model.layers[0].moving_mean.numpy(), mean)


def test_dropout_that_is_always_on_draws_anew(engine):
    inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.layers.Dropout(0.5, seed=1)(inputs, training=True))
    results = called(model)
    assert all(not np.array_equal(one, other) for one, other in zip(results, results[1:], strict=False))
    assert not is_compiled(model)


def test_an_index_out_of_range_is_refused_at_each_call(engine):
    model = model_of(keras.layers.Embedding(10, 4), shape=(3,), dtype="int32")
    called(model, np.asarray([[1, 2, 3]], "int32"))
    with pytest.raises(ValueError, match="index 10 is out of range"):
        called(model, np.asarray([[1, 2, 10]], "int32"))
    assert not is_compiled(model)


def test_gradients_pass_through(engine):
    model = model_of(keras.layers.Dense(1))
    called(model)
    tensor = ops.convert_to_tensor(X)
    _, gradients = keras.value_and_grad(lambda: ops.sum(model(tensor)), model.trainable_variables)
    np.testing.assert_allclose(ops.convert_to_numpy(gradients[0])[:, 0], X.sum(0), rtol=1e-5)


def test_the_state_of_a_recurrent_layer_moves_on(engine):
    inputs = keras.Input(batch_shape=(3, 2, 3))
    model = keras.Model(inputs, keras.layers.LSTM(4, stateful=True)(inputs))
    results = called(model, X.reshape(3, 2, 3))
    assert all(not np.allclose(one, other, atol=1e-6) for one, other in zip(results, results[1:], strict=False))


def test_losses_of_layers_are_noted_at_each_call(engine):
    model = model_of(keras.layers.Dense(2, activity_regularizer="l2"), keras.layers.Dense(2))
    for size in (3, 3, 3, 2):
        tensor = ops.convert_to_tensor(X[:size])
        outputs = model.layers[0](tensor)
        model(tensor)
        expected = 0.01 * np.mean(np.sum(ops.convert_to_numpy(outputs) ** 2, 1))
        (loss,) = model.losses
        np.testing.assert_allclose(ops.convert_to_numpy(loss), expected, rtol=1e-5)


def test_code_of_users_runs_at_each_call(engine, capsys):
    class Loud(keras.layers.Layer):
        def call(self, x):
            print("called")
            return x * 2

    model = model_of(Loud())
    capsys.readouterr()
    assert_all_like(called(model), X * 2)
    assert capsys.readouterr().out.count("called") == 4


def test_a_copy_and_nested_models(engine):
    inner = model_of(keras.layers.Dense(3))
    inputs = keras.Input((6,))
    model = keras.Model(inputs, {"a": inner(inputs), "b": keras.layers.Dense(2)(inputs)})
    tensor = ops.convert_to_tensor(X)
    first, *others = [model(tensor) for _ in range(3)]
    assert all(set(one) == {"a", "b"} for one in others)
    assert_all_like([ops.convert_to_numpy(one["a"]) for one in others], ops.convert_to_numpy(first["a"]))
    assert_all_like(called(inner), ops.convert_to_numpy(first["a"]))
    copied = copy.deepcopy(model)
    inner.layers[0].kernel.assign(inner.layers[0].kernel * 0)
    assert_all_like([ops.convert_to_numpy(copied(tensor)["a"])], ops.convert_to_numpy(first["a"]))
    assert_all_like([ops.convert_to_numpy(model(tensor)["a"]) for _ in range(3)], np.zeros((3, 3)))


def test_ever_new_shapes_are_not_kept(engine):
    model = model_of(keras.layers.Dense(2))
    for size in range(1, forward._MOST_FORMS + 10):
        assert called(model, np.ones((size, 6), "float32"), times=2)[-1].shape == (size, 2)
    kept = model.__dict__.get("_forward")
    assert kept is None or len(kept._forms) == forward._MOST_FORMS

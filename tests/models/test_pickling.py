"""Pickled and copied models go on training with the same numbers, on any engine; so do the parts of models."""

import copy
import pickle

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry
from tests.models.picklable import Subclassed, doubled, tripled

X = np.random.RandomState(0).rand(16, 4).astype("float32")
Y = X @ np.ones((4, 1), "float32")


def functional():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(5, "relu")(inputs)
    hidden = keras.layers.BatchNormalization()(keras.layers.Dropout(0.3, seed=3)(hidden))
    return keras.Model(inputs, keras.layers.Dense(1)(hidden + 0.1 * keras.ops.sum(hidden, axis=-1, keepdims=True)))


def sequential():
    return keras.Sequential([keras.layers.Dense(5, "relu"), keras.layers.Dropout(0.2, seed=3), keras.layers.Dense(1)])


def adam():
    return keras.optimizers.Adam(0.01, use_ema=True)


def scheduled():
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    return keras.optimizers.SGD(rate, momentum=0.9, gradient_accumulation_steps=2)


def goes_on(model):
    history = model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    return [*history["loss"], *history["mae"]], model.get_weights(), model.optimizer.iterations


def copied_elsewhere(model):
    """Pickled here, read and moved where another engine is the active one."""
    other = next(name for name in registry.available() if name != model._backend.name)
    with keras.backend.scope(other):
        return pickle.loads(pickle.dumps(model)).to_backend(other)


COPIES = [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy, copied_elsewhere]


@pytest.mark.parametrize("duplicate", COPIES, ids=["pickle", "deepcopy", "other engine"])
@pytest.mark.parametrize("optimizer", [adam, scheduled])
@pytest.mark.parametrize("make", [functional, sequential, Subclassed])
def test_a_copy_of_a_trained_model_goes_on_with_the_same_numbers(engine, make, optimizer, duplicate):
    model = make()
    model.compile(optimizer(), "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=4, epochs=1, verbose=0)
    duplicates = duplicate(model)
    numbers, weights, steps = goes_on(model)
    other_numbers, other_weights, other_steps = goes_on(duplicates)
    np.testing.assert_allclose(other_numbers, numbers, rtol=1e-4)
    for one, other in zip(weights, other_weights, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-5)
    assert int(steps) == int(other_steps)


PARTS = {
    "layer": lambda: keras.layers.Dense(3),
    "recurrent layer": lambda: keras.layers.Bidirectional(keras.layers.LSTM(2)),
    "attention": lambda: keras.layers.MultiHeadAttention(2, 3),
    "loss": lambda: keras.losses.Huber(0.5),
    "metric": lambda: keras.metrics.AUC(),
    "optimizer": lambda: keras.optimizers.AdamW(0.1),
    "loss scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
    "schedule": lambda: keras.optimizers.schedules.CosineDecay(0.1, 10),
    "stopping": lambda: keras.callbacks.EarlyStopping(patience=3),
    "plateau": lambda: keras.callbacks.ReduceLROnPlateau(),
    "history": lambda: keras.callbacks.History(),
    "initializer": lambda: keras.initializers.GlorotUniform(3),
    "regularizer": lambda: keras.regularizers.L2(0.1),
    "constraint": lambda: keras.constraints.MaxNorm(2),
    "symbolic tensor": lambda: keras.layers.Dense(2)(keras.Input((4,))),
    "seeds": lambda: keras.random.SeedGenerator(3),
    "policy": lambda: keras.dtype_policies.DTypePolicy("mixed_float16"),
    "function": lambda: keras.function(tripled),
    "op": lambda: keras.ops.add,
}


@pytest.mark.parametrize("duplicate", COPIES[:2], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("name", PARTS)
def test_parts_of_models_can_be_copied(engine, name, duplicate):
    part = PARTS[name]()
    other = duplicate(part)
    assert type(other) is type(part)
    if hasattr(part, "get_config"):
        assert other.get_config() == part.get_config()
    if name == "symbolic tensor":
        assert (other.shape, other.dtype) == (part.shape, part.dtype)


def test_a_built_layer_and_a_metric_in_use_keep_their_state(engine):
    layer, metric = keras.layers.LSTM(3), keras.metrics.Mean()
    layer(X[:, :, None])
    metric.update_state([1.0, 4.0])
    layer2, metric2 = pickle.loads(pickle.dumps((layer, metric)))
    for one, other in zip(layer.get_weights(), layer2.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    metric2.update_state([4.0])
    assert float(metric2.result()) == 3.0 and float(metric.result()) == 2.5


def test_compiled_functions_are_found_by_name_or_made_anew(engine):
    assert pickle.loads(pickle.dumps(doubled)) is doubled
    count = keras.Variable(1.0, trainable=False)
    step = pickle.loads(pickle.dumps(keras.function(tripled, variables=[count])))
    assert float(step(keras.ops.convert_to_tensor(2.0))) == 6.0
    assert [float(one) for one in step.variables] == [1.0]


def test_what_cannot_be_pickled_says_so(engine):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2.0)])
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(model)

"""A step compiled for one model serves those made alike, and only those; nothing of the first one is kept for it."""

import collections
import gc
import weakref

import numpy as np
import pytest

import kerasfront as kf
from kerasfront.models.likeness import likeness
from kerasfront.state import sharing
from kerasfront.training import step

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(48, 6)).astype("float32"), rng.integers(0, 3, 48)


def twice(x):
    return 2 * x


def made(
    units=8, activation="relu", rate=0.3, residual=True, penalty=None, frozen=False, loss=None, optimizer=None,
    layer=None, metrics=(), policy=None, seed=None, swapped=False, names=None,
):  # fmt: skip
    inputs = kf.Input((6,))
    one = kf.layers.Dense(units, activation=activation, kernel_regularizer=penalty, dtype=policy, name=names)
    other = kf.layers.Dense(units, activation="tanh")
    one.trainable = not frozen
    first, second = (other(inputs), one(inputs)) if swapped else (one(inputs), other(inputs))
    x = kf.layers.Dropout(rate, seed=seed)(first)
    x = kf.layers.Subtract()([x, second]) if residual else kf.layers.Subtract()([second, x])
    if layer is not None:
        x = layer()(x)
    model = kf.Model(inputs, kf.layers.Dense(3)(x))
    loss = loss or kf.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or kf.optimizers.Adam(0.01), loss, metrics=list(metrics))
    return model


def trained(model, **options):
    kf.utils.set_random_seed(1)
    for variable in model.weights:
        if variable.shape:
            variable.assign(np.random.default_rng(len(variable.shape)).normal(size=variable.shape, scale=0.1))
    history = model.fit(X, Y, batch_size=16, epochs=2, verbose=0, shuffle=False, **options)
    return [*map(np.asarray, model.get_weights()), history.history["loss"]]


def of(model):
    model.optimizer.build(model.trainable_variables)
    return likeness(model, step.state_of(model, "train"))


class Own(kf.layers.Layer):
    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


class Named(kf.layers.Layer):
    def call(self, inputs):
        return inputs * len(self.name)


class Printing(kf.layers.Layer):
    def call(self, inputs):
        print("called")
        return inputs


class Large(kf.layers.Layer):
    def __init__(self):
        super().__init__()
        self.table = np.ones(1000, "float32")

    def call(self, inputs):
        return inputs * self.table[:8]


ALIKE = [
    {},
    {"metrics": ["accuracy"]},
    {"layer": Own},
    {"layer": lambda: kf.layers.Lambda(lambda x: x + 1)},
    {"layer": lambda: kf.layers.Lambda(twice)},
    {"layer": lambda: kf.layers.LayerNormalization()},
    {"optimizer": "sgd"},
]


@pytest.mark.parametrize("arguments", ALIKE, ids="-".join)
def test_models_made_by_the_same_code_are_alike(arguments):
    first = of(made(**arguments))
    assert first is not None
    assert first == of(made(**arguments))
    assert first == of(made(**arguments, names="another"))
    if "optimizer" not in arguments:  # a rate is a Variable
        assert first == of(made(**arguments, optimizer=kf.optimizers.Adam(0.5)))


class Block(kf.Model):
    def __init__(self):
        super().__init__()
        self.inner = [kf.layers.Dense(4, "relu"), kf.layers.Dropout(0.1)]
        self.last = kf.layers.Dense(3)

    def call(self, inputs, training=None):
        for layer in self.inner:
            inputs = layer(inputs)
        return self.last(inputs)


def sequential(*layers, shape=(6,)):
    return kf.Sequential([kf.Input(shape), *layers, kf.layers.Flatten(), kf.layers.Dense(3)])


def attending():
    inputs = kf.Input((5, 4))
    return kf.Model(inputs, kf.layers.MultiHeadAttention(2, 4)(inputs, inputs))


MAKERS = {
    "sequential": lambda: sequential(kf.layers.Dense(4), kf.layers.BatchNormalization(), kf.layers.GaussianNoise(0.1)),
    "convolutional": lambda: sequential(kf.layers.Conv2D(3, 2), kf.layers.MaxPooling2D(), shape=(6, 6, 1)),
    "recurrent": lambda: sequential(kf.layers.Embedding(9, 4), kf.layers.Bidirectional(kf.layers.LSTM(3))),
    "stacked": lambda: sequential(kf.layers.RNN([kf.layers.GRUCell(3), kf.layers.LSTMCell(2)]), shape=(4, 2)),
    "attending": attending,
    "nested": lambda: sequential(sequential(kf.layers.Dense(2)), kf.layers.Dense(2)),
    "of a user": lambda: Block(),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_all_kinds_of_models_can_be_alike(make, engine):
    def used():
        model = make()
        x = np.ones((2, *(size or 4 for size in model.input_shape[1:])) if model.built else (2, 6), "float32")
        model.predict(x, verbose=0)
        model.compile("adam", "mean_squared_error")
        model.train_on_batch(x, np.zeros_like(model.predict(x, verbose=0)))
        return model

    assert of(used()) == of(used()) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        {"units": 9}, {"activation": "gelu"}, {"rate": 0.2}, {"residual": False}, {"penalty": "l2"}, {"frozen": True},
        {"loss": "mean_absolute_error"}, {"loss": kf.losses.SparseCategoricalCrossentropy(False)},
        {"optimizer": "sgd"}, {"optimizer": kf.optimizers.Adam(0.01, beta_1=0.8)}, {"swapped": True},
        {"optimizer": kf.optimizers.Adam(0.01, clipnorm=1.0)}, {"layer": Own}, {"layer": lambda: Own(3.0)},
        {"optimizer": kf.optimizers.Adam(kf.optimizers.schedules.ExponentialDecay(0.01, 9, 0.9))},
        {"layer": lambda: kf.layers.Lambda(lambda x: x + 2)}, {"metrics": ["accuracy"]}, {"policy": "mixed_bfloat16"},
        {"layer": lambda: kf.layers.LayerNormalization(epsilon=0.1)}, {"layer": lambda: kf.layers.Rescaling(2.0)},
    ],
    ids="-".join,
)  # fmt: skip
def test_models_that_differ_are_not(arguments):
    assert of(made(**arguments)) is not None
    assert of(made(**arguments)) != of(made())


def test_settings_count():
    before = of(made())
    kf.config.set_epsilon(1e-3)
    try:
        assert of(made()) != before
    finally:
        kf.config.set_epsilon(1e-7)
    assert of(made()) == before


def test_weight_decay_of_other_variables_counts():
    def decayed(*names):
        model = made(optimizer=kf.optimizers.AdamW(0.01))
        model.optimizer.exclude_from_weight_decay(var_names=list(names))
        return of(model)

    assert decayed("bias") == decayed("bias")
    assert decayed("bias") != decayed() != decayed("kernel")


def test_names_count_where_code_of_users_looks_at_them():
    assert of(made(layer=Named)) != of(made(layer=Named))
    assert of(made(layer=lambda: Named(name="same"), names="one")) is not None


class Holding(kf.layers.Layer):
    def __init__(self, held):
        super().__init__()
        self.held = held

    def call(self, inputs):
        return inputs * list(self.held)[0]


class Table(dict):
    """A dict of a class of its own."""


class Text(str):
    """Text of a class of its own."""


@pytest.mark.parametrize("layer", [Printing, Large, lambda: Holding([2, Text("a")])])
def test_what_cannot_be_told_is_not_shared(layer):
    assert of(made(layer=layer)) is None


@pytest.mark.parametrize("kind", [list, tuple, set, collections.OrderedDict, Table], ids=str)
def test_what_layers_hold_counts(kind):
    def holding(value):
        return of(made(layer=lambda: Holding(kind({value: 1} if issubclass(kind, dict) else [value]))))

    assert holding(2) == holding(2) != holding(3)
    assert holding(2) is not None


def compiles_again(arguments, monkeypatch):
    """Return how often the engine is asked to compile for a second model."""
    trained(made(**arguments))
    backend, asked = kf.backend.active(), []
    for service in ("compile", "repeat"):
        original = getattr(backend, service)
        monkeypatch.setattr(backend, service, lambda *a, original=original: asked.append(a) or original(*a))
    trained(made(**arguments))
    return len(asked)


def test_a_second_model_compiles_nothing(engine, monkeypatch):
    if not kf.backend.active().shares_compiled:
        pytest.skip("this engine compiles for the Variables of one model, or not at all")
    assert compiles_again({"metrics": ["accuracy"]}, monkeypatch) == 0


@pytest.mark.parametrize("watched", [False, True])
def test_sharing_changes_no_number(engine, watched):
    options = {"callbacks": [kf.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)] * watched}
    sharing.forget()
    alone = trained(made(seed=5), **options)
    other = trained(made(seed=6), **options)
    again = trained(made(seed=5), **options)
    assert all(np.array_equal(one, two) for one, two in zip(alone, again, strict=True))
    # The seed is no part of what is compiled.
    assert not np.array_equal(alone[0], other[0])


def test_models_in_turn_keep_their_own_state(engine):
    models = made(seed=1), made(seed=1)
    first, second = (trained(model) for model in models)
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
    models[0].fit(X, Y, batch_size=16, verbose=0)
    assert all(np.array_equal(one, two) for one, two in zip(second, models[1].get_weights(), strict=False))
    assert [int(model.optimizer.iterations) for model in models] == [9, 6]
    assert not np.array_equal(models[0].predict(X, verbose=0), models[1].predict(X, verbose=0))


def test_a_layer_changed_after_compiling_is_not_traced_for_the_others(engine):
    models = made(seed=1), made(seed=1)
    for model in models:
        trained(model)
    (dropout,) = [layer for layer in models[0].layers if isinstance(layer, kf.layers.Dropout)]
    dropout.rate = 0.0

    def loss_of(model):
        # Batches of another size are traced anew, in the changed model first.
        return model.fit(X[:20], Y[:20], batch_size=20, verbose=0, shuffle=False).history["loss"]

    changed, same = map(loss_of, models)
    reference = made(seed=1)
    trained(reference)
    assert loss_of(reference) == pytest.approx(same, rel=1e-6)
    assert changed != pytest.approx(same, rel=1e-6)


def test_what_is_shared_keeps_no_model_alive(engine):
    model = made(layer=Own)
    trained(model)
    seen = [weakref.ref(model), *map(weakref.ref, model.variables), weakref.ref(model.layers[-2])]
    del model
    gc.collect()
    assert [one() for one in seen] == [None] * len(seen)

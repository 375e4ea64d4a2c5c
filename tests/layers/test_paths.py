"""Weights have the paths and the order that Keras gives them."""

import numpy as np
import pytest

import kerasfront as kf


def sequential(keras):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")], name="seq")


def sequential_built_late(keras):
    model = keras.Sequential([keras.layers.Dense(2, name="d"), keras.layers.BatchNormalization(name="bn")], name="seq")
    model(np.ones((1, 3), "float32"))
    return model


def functional(keras):
    x = keras.Input((3,))
    return keras.Model(x, keras.layers.Dense(2, name="d")(x), name="fun")


def nested(keras):
    x = keras.Input((3,))
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="low")], name="inner")
    return keras.Model(x, keras.layers.Dense(2, name="top")(inner(x)), name="outer")


def recurrent(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((5, 3)),
            layers.LSTM(2, return_sequences=True, name="a"),
            layers.GRU(2, return_sequences=True, name="b"),
            layers.SimpleRNN(2, return_sequences=True, name="c"),
            layers.RNN(layers.LSTMCell(2, name="cell"), return_sequences=True, name="r"),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True, name="d"), name="bi"),
            layers.TimeDistributed(layers.Dense(2, name="e"), name="td"),
        ],
        name="seq",
    )


def attention(keras):
    layer = keras.layers.MultiHeadAttention(2, 3, name="mha")
    x = keras.Input((4, 3))
    return keras.Model(x, layer(x, x), name="fun")


def subclassed(keras):
    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="net")
            self.first = keras.layers.Dense(2, name="first")
            self.others = [keras.layers.Dense(2, name="other"), keras.layers.Embedding(5, 2, name="table")]

        def call(self, x):
            return self.others[0](self.first(x)) + self.others[1](np.zeros((1,), "int32"))

    model = Net()
    model(np.ones((1, 3), "float32"))
    return model


def layers_in_layers(keras):
    class Shift(keras.layers.Layer):
        def build(self, input_shape):
            self.shift = self.add_weight(shape=input_shape[-1:], name="shift")

        def call(self, x):
            return x + self.shift

    class Outer(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = Shift(name="inner")

        def call(self, x):
            return self.inner(x)

    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="net")
            self.outer, self.last = Outer(name="outer"), keras.layers.Dense(2, name="last")
            self.alone = Outer(name="alone")
            self.alone(keras.Input((3,)))

        def call(self, x):
            return self.last(self.outer(x))

    model = Net()
    model(np.ones((1, 3), "float32"))
    return model


MODELS = [
    sequential, sequential_built_late, functional, nested, recurrent, attention, subclassed, layers_in_layers,
]  # fmt: skip


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_paths_are_those_of_keras(make):
    import keras

    ours, theirs = make(kf), make(keras)
    for group in ("weights", "trainable_variables", "non_trainable_weights"):
        assert [one.path for one in getattr(ours, group)] == [one.path for one in getattr(theirs, group)]

"""Variables have the paths and the order of the oracle's, so that weights and files can be exchanged."""

import keras
import numpy as np
import pytest

import kerasfront as kf

SEQUENCE, ROWS = np.zeros((2, 5, 3), "float32"), np.zeros((2, 3), "float32")


def sequential_with_input(k):
    layers = k.layers
    return k.Sequential([
        k.Input((5, 3)),
        layers.LSTM(4, return_sequences=True),
        layers.Bidirectional(layers.GRU(2)),
        layers.Dense(2),
    ])  # fmt: skip


def sequential_by_first_call(k):
    layers = k.layers
    model = k.Sequential([
        layers.SimpleRNN(4, return_sequences=True),
        layers.BatchNormalization(renorm=True),
        layers.TimeDistributed(layers.Dense(3)),
        layers.Flatten(),
        layers.Dense(2),
    ])  # fmt: skip
    model(SEQUENCE)
    return model


def functional(k):
    layers = k.layers
    inputs = k.Input((5, 3))
    x = layers.Dense(4)(inputs)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3, use_gate=True)(x, x)])
    x = layers.LSTM(3)(layers.LayerNormalization()(x))
    return k.Model(inputs, layers.Dense(1, name="head")(x), name="net")


def convolutions_of_other_kinds(k):
    layers = k.layers
    return k.Sequential([
        k.Input((8, 8, 3)),
        layers.SeparableConv2D(4, 3),
        layers.GroupNormalization(2),
        layers.PReLU(shared_axes=[1, 2]),
        layers.DepthwiseConv2D(2),
        layers.Conv2DTranspose(2, 2),
        layers.RMSNormalization(),
    ])  # fmt: skip


def branches_of_different_depth(k):
    layers = k.layers
    dense = layers.Dense(3)
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    deep = layers.Embedding(4, 2, name="table")(k.ops.cast(a, "int32"))[:, 0]
    return k.Model([a, b], [layers.Concatenate()([dense(a), dense(b), deep]), layers.Dense(2)(dense(a))])


def layer_shared_at_two_depths(k):
    layers = k.layers
    shared, inputs = layers.Dense(3, name="shared"), k.Input((3,))
    early = layers.Dense(3, name="early")(inputs)
    late = layers.Dense(3, name="late")(shared(early))
    return k.Model(inputs, layers.Add()([shared(late), shared(inputs)]))


def subclassed(k):
    layers = k.layers

    class Block(layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.dense, self.norm = layers.Dense(units), layers.LayerNormalization()

        def call(self, x):
            return self.norm(self.dense(x))

    class Weighted(Block):
        def build(self, input_shape):
            self.factor = self.add_weight((input_shape[-1],), name="factor")

    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.a, self.blocks, self.end = Block(3), [Block(4, name="second"), Weighted(2)], layers.LSTM(2)

        def call(self, x):
            x = self.a(x)
            for block in self.blocks:
                x = block(x)
            return self.end(x)

    model = Net()
    model(SEQUENCE)
    return model


def nested(k):
    layers = k.layers
    inner = k.Sequential([k.Input((3,)), layers.Dense(4), layers.Dense(2)], name="inner")
    inputs = k.Input((3,))
    middle = k.Model(inputs, layers.Dense(3)(inner(inputs)), name="middle")
    return k.Sequential([k.Input((3,)), middle, layers.BatchNormalization(), layers.Dense(1)], name="outer")


def nested_by_first_call(k):
    layers = k.layers
    inner = k.Sequential([layers.Dense(4), layers.Dense(2)], name="inner")
    model = k.Sequential([inner, layers.Dense(1)], name="outer")
    model(ROWS)
    return model


def distributed_over_time(k):
    layers = k.layers
    return k.Sequential([
        k.Input((4, 5, 3)),
        layers.TimeDistributed(layers.Bidirectional(layers.LSTM(2))),
        layers.TimeDistributed(k.Sequential([layers.Dense(2)], name="inside")),
    ])  # fmt: skip


def cells_and_directions(k):
    layers = k.layers
    inputs = k.Input((5, 3))
    forwards = layers.LSTM(2, return_sequences=True)
    backwards = layers.LSTM(2, return_sequences=True, go_backwards=True, name="back")
    x = layers.Bidirectional(forwards, name="both", backward_layer=backwards)(inputs)
    x = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)(x)
    return k.Model(inputs, layers.RNN(layers.SimpleRNNCell(2))(x))


def layers_in_layers(k):
    class Shift(k.layers.Layer):
        def build(self, input_shape):
            self.shift = self.add_weight(shape=input_shape[-1:], name="shift")

        def call(self, x):
            return x + self.shift

    class Outer(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = Shift(name="inner")

        def call(self, x):
            return self.inner(x)

    class Net(k.Model):
        def __init__(self):
            super().__init__(name="net")
            self.outer, self.last = Outer(name="outer"), k.layers.Dense(2, name="last")
            self.alone = Outer(name="alone")
            self.alone(k.Input((3,)))

        def call(self, x):
            return self.last(self.outer(x))

    model = Net()
    model(np.ones((1, 3), "float32"))
    return model


MODELS = [
    sequential_with_input, sequential_by_first_call, functional, convolutions_of_other_kinds,
    branches_of_different_depth, layer_shared_at_two_depths, subclassed, nested, nested_by_first_call,
    distributed_over_time, cells_and_directions, layers_in_layers,
]  # fmt: skip


def description(k, make):
    k.utils.clear_session()
    model = make(k)
    return {
        "weights": [(weight.path, tuple(weight.shape)) for weight in model.weights],
        "trainable": [variable.path for variable in model.trainable_variables],
        "other": [variable.path for variable in model.non_trainable_variables],
        "layers": [layer.name for layer in model.layers],
    }


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_paths_and_order_are_those_of_the_oracle(make):
    assert description(kf, make) == description(keras, make)


def test_kept_states_are_no_weights_but_variables():
    kf.utils.clear_session()
    layer = kf.layers.LSTM(2, stateful=True)
    layer(SEQUENCE)
    assert [weight.path for weight in layer.weights] == [
        f"lstm/lstm_cell/{name}" for name in ("kernel", "recurrent_kernel", "bias")
    ]
    assert sum("rnn_state" in variable.path for variable in layer.variables) == 2

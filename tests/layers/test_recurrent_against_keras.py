"""Recurrent layers, wrappers and masks against Keras: every argument that changes the result."""

import numpy as np
import pytest

import kerasfront as kf

generator = np.random.default_rng(1)
SEQUENCE = generator.normal(size=(3, 5, 4)).astype("float32")
MASKS = [
    np.array([[1, 1, 1, 1, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool),
    np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], bool),
    None,
]
KINDS = ["SimpleRNN", "LSTM", "GRU"]


def host(value):
    if isinstance(value, (list, tuple)):
        return [host(item) for item in value]
    return np.asarray(kf.ops.convert_to_numpy(value))


def arrays(value):
    if isinstance(value, (list, tuple)):
        return [arrays(item) for item in value]
    return np.asarray(value)


def compare(ours, theirs):
    assert isinstance(ours, list) == isinstance(theirs, list)
    if isinstance(ours, list):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            compare(mine, other)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


def check(make, *inputs, seen=None, **call):
    """Compare the outputs of a layer made with both libraries, those of the steps `seen` if any."""
    import keras

    theirs, ours = make(keras), make(kf)
    expected = arrays(theirs(*inputs, **call))
    ours(*inputs, **call)
    ours.set_weights(theirs.get_weights())
    for one in (theirs, ours):
        if getattr(one, "stateful", False):
            one.reset_states() if hasattr(one, "reset_states") else one.reset_state()
    result = host(ours(*inputs, **call))
    if seen is not None:
        result, expected = (
            [one[0][seen], *one[1:]] if isinstance(one, list) else one[seen] for one in (result, expected)
        )
    compare(result, expected)


@pytest.mark.parametrize("place", range(len(MASKS)))
@pytest.mark.parametrize("options", [
    {"return_sequences": True, "return_state": True},
    {"return_state": True, "go_backwards": True},
    {"return_sequences": True, "zero_output_for_mask": True},
    {"return_sequences": True, "zero_output_for_mask": True, "go_backwards": True},
], ids=lambda options: "-".join(options))  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_masks_states_and_directions(engine, kind, options, place):
    check(lambda keras: getattr(keras.layers, kind)(3, **options), SEQUENCE, mask=MASKS[place])


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"return_sequences": True, "return_state": True}])
def test_bidirectional_merges(engine, mode, options):
    def make(keras):
        return keras.layers.Bidirectional(keras.layers.GRU(3, **options), merge_mode=mode)

    check(make, SEQUENCE)
    check(make, SEQUENCE, mask=MASKS[0])


def test_bidirectional_with_a_layer_of_another_kind_and_initial_states(engine):
    def make(keras):
        layers = keras.layers
        back = layers.LSTM(3, go_backwards=True, activation="relu", return_sequences=True)
        return layers.Bidirectional(layers.LSTM(3, return_sequences=True), backward_layer=back)

    states = [generator.normal(size=(3, 3)).astype("float32") for _ in range(4)]
    check(make, SEQUENCE, initial_state=states, mask=MASKS[0])


@pytest.mark.parametrize("kind", KINDS)
def test_stateful_layers_go_on_like_those_of_keras(engine, kind):
    import keras

    theirs, ours = (
        getattr(library.layers, kind)(3, stateful=True, return_state=True, name="r") for library in (keras, kf)
    )
    theirs.build(SEQUENCE.shape)
    ours.build(SEQUENCE.shape)
    ours.set_weights(theirs.get_weights())
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]
    for steps in (SEQUENCE[:, :2], SEQUENCE[:, 2:], SEQUENCE):
        compare(host(ours(steps)), arrays(theirs(steps)))
    theirs.reset_state()
    ours.reset_state()
    compare(host(ours(SEQUENCE)), arrays(theirs(SEQUENCE)))


@pytest.mark.parametrize("kind", KINDS)
def test_stacked_cells_keep_the_states_of_each(engine, kind):
    def make(keras):
        cells = [getattr(keras.layers, f"{kind}Cell")(3) for _ in range(2)]
        return keras.layers.RNN(cells, return_sequences=True, return_state=True)

    check(make, SEQUENCE)
    # At a masked step of a stack Keras puts out the state of the lowest cell, not the last output.
    check(make, SEQUENCE, mask=MASKS[0], seen=MASKS[0])


def cells_of(keras):
    class Plain(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.state_size), name="kernel")
            self.recurrent = self.add_weight(shape=(self.state_size, self.state_size), name="recurrent")

        def call(self, inputs, states):
            output = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(states[0], self.recurrent)
            return output, [output]

    class Double(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.state_size, self.output_size = [units, units], units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.output_size), name="kernel")

        def call(self, inputs, states, training=False):
            output = keras.ops.tanh(keras.ops.matmul(inputs, self.kernel) + states[0] - 0.5 * states[1])
            return output, [output, states[0]]

    return Plain, Double


@pytest.mark.parametrize("place", range(len(MASKS)))
@pytest.mark.parametrize("stateful", [False, True])
def test_cells_of_ones_own_stack(engine, stateful, place):
    def make(keras):
        plain, double = cells_of(keras)
        # Keras cannot reset states in lists.
        cells = [plain(3), plain(3)] if stateful else [plain(3), double(3), keras.layers.LSTMCell(3)]
        return keras.layers.RNN(cells, return_sequences=True, return_state=not stateful, stateful=stateful)

    check(make, SEQUENCE, mask=MASKS[place], seen=MASKS[place])


def test_time_distributed_hands_masks_on_step_by_step(engine):
    def make(keras):
        class Masked(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.supports_masking = True

            def call(self, inputs, mask=None):
                if mask is None:
                    return inputs
                return inputs * keras.ops.expand_dims(keras.ops.cast(mask, inputs.dtype), -1)

        return keras.layers.TimeDistributed(Masked())

    check(make, SEQUENCE)
    check(make, SEQUENCE, mask=MASKS[0])


@pytest.mark.parametrize("shape", [(3, 6), (4, 5), (3, 6, 2), (3,)])
def test_time_distributed_refuses_a_mask_of_other_steps(engine, shape):
    layer = kf.layers.TimeDistributed(kf.layers.Dense(2))
    with pytest.raises(ValueError, match=r"time_distributed.*mask has shape"):
        layer(SEQUENCE, mask=np.ones(shape, bool))


def test_configurations_of_earlier_releases_are_read():
    config = kf.layers.GRU(3).get_config()
    assert kf.layers.GRU.from_config({**config, "implementation": 2}).units == 3


@pytest.mark.parametrize("mask", [None, MASKS[0]], ids=["whole", "masked"])
def test_cells_of_another_policy_run_in_that_of_the_layer(engine, mask):
    plain, double = cells_of(kf)
    layer = kf.layers.RNN([plain(3), double(3)], return_sequences=True, return_state=True, dtype="mixed_bfloat16")
    output, first, (second, third) = layer(SEQUENCE, mask=mask)
    assert {kf.ops.dtype(one) for one in (output, first, second, third)} == {"bfloat16"}

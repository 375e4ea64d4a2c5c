"""Each layer gives what the layer of Keras gives with the same weights, and has the same weights."""

import functools

import numpy as np
import pytest

import kerasfront as kf

generator = np.random.default_rng(0)


def numbers(*shape):
    return generator.normal(size=shape).astype("float32")


SEQUENCE, IMAGE, OTHER = numbers(2, 5, 3), numbers(2, 8, 9, 3), numbers(2, 6, 3)
FIRST, VOLUME = numbers(2, 4, 6, 7), numbers(2, 4, 5, 6, 3)
VIDEO = numbers(2, 5, 6, 4, 4)
INTEGERS = np.array([[1, 2, 6], [0, 0, 3]])

CASES = [
    ("Dense", {"units": 4, "activation": "relu"}, [numbers(3, 5)]),
    ("Dense", {"units": 4, "use_bias": False}, [SEQUENCE]),
    ("Activation", {"activation": "gelu"}, [SEQUENCE]),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, [SEQUENCE]),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "strides": 2, "padding": "same"}, [SEQUENCE]),
    ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "strides": 2, "padding": "same"}, [IMAGE]),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 3, "activation": "tanh"}, [IMAGE]),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "dilation_rate": 2}, [IMAGE]),
    ("MaxPooling1D", {"pool_size": 2}, [SEQUENCE]),
    ("MaxPooling2D", {"pool_size": 2, "padding": "same"}, [IMAGE]),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2}, [IMAGE]),
    ("AveragePooling1D", {"pool_size": 2, "padding": "same"}, [SEQUENCE]),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("GlobalAveragePooling1D", {}, [SEQUENCE]),
    ("GlobalAveragePooling2D", {"keepdims": True}, [IMAGE]),
    ("GlobalMaxPooling1D", {}, [SEQUENCE]),
    ("GlobalMaxPooling2D", {}, [IMAGE]),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "data_format": "channels_first", "padding": "same"}, [SEQUENCE]),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first", "strides": 2}, [FIRST]),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first", "groups": 2}, [FIRST]),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "padding": "same", "strides": 2}, [VOLUME]),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "data_format": "channels_first"}, [VOLUME]),
    ("MaxPooling1D", {"pool_size": 2, "data_format": "channels_first", "padding": "same"}, [SEQUENCE]),
    ("MaxPooling2D", {"pool_size": 2, "data_format": "channels_first", "strides": 1}, [FIRST]),
    ("AveragePooling1D", {"pool_size": 2, "data_format": "channels_first"}, [SEQUENCE]),
    ("AveragePooling2D", {"pool_size": (2, 3), "data_format": "channels_first", "padding": "same"}, [FIRST]),
    ("GlobalAveragePooling1D", {"data_format": "channels_first"}, [SEQUENCE]),
    ("GlobalAveragePooling2D", {"data_format": "channels_first", "keepdims": True}, [FIRST]),
    ("GlobalMaxPooling1D", {"data_format": "channels_first", "keepdims": True}, [SEQUENCE]),
    ("GlobalMaxPooling2D", {"data_format": "channels_first"}, [FIRST]),
    ("BatchNormalization", {}, [IMAGE]),
    ("BatchNormalization", {"axis": 1, "scale": False}, [IMAGE]),
    ("LayerNormalization", {}, [SEQUENCE]),
    ("LayerNormalization", {"axis": [1, 2], "center": False}, [SEQUENCE]),
    ("Embedding", {"input_dim": 7, "output_dim": 3}, [INTEGERS]),
    ("SimpleRNN", {"units": 4}, [SEQUENCE]),
    ("SimpleRNN", {"units": 4, "return_sequences": True, "go_backwards": True}, [SEQUENCE]),
    ("LSTM", {"units": 4}, [SEQUENCE]),
    ("LSTM", {"units": 4, "return_sequences": True, "go_backwards": True}, [SEQUENCE]),
    ("LSTM", {"units": 4, "activation": "relu", "recurrent_activation": "hard_sigmoid"}, [SEQUENCE]),
    ("LSTM", {"units": 4, "use_bias": False}, [SEQUENCE]),
    ("GRU", {"units": 4}, [SEQUENCE]),
    ("GRU", {"units": 4, "reset_after": False, "return_sequences": True}, [SEQUENCE]),
    ("GRU", {"units": 4, "return_sequences": True, "go_backwards": True}, [SEQUENCE]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, [SEQUENCE, OTHER]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "output_shape": 7, "use_bias": False}, [SEQUENCE, OTHER]),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 8), "bias_axes": "d"}, [SEQUENCE]),
    ("EinsumDense", {"equation": "bc...,cd->bd...", "output_shape": (4,), "bias_axes": "d"}, [IMAGE]),
    ("EinsumDense", {"equation": "...b,bc->...c", "output_shape": (4,), "bias_axes": "c"}, [IMAGE]),
    ("Flatten", {}, [IMAGE]),
    ("Flatten", {"data_format": "channels_first"}, [IMAGE]),
    ("Reshape", {"target_shape": (-1, 3)}, [IMAGE]),
    ("Permute", {"dims": (3, 1, 2)}, [IMAGE]),
    ("Rescaling", {"scale": 0.5, "offset": 1.0}, [IMAGE]),
    ("Dropout", {"rate": 0.5}, [SEQUENCE]),
    ("Add", {}, [[SEQUENCE, SEQUENCE]]),
    ("Multiply", {}, [[SEQUENCE, SEQUENCE]]),
    ("Average", {}, [[SEQUENCE, SEQUENCE]]),
    ("Concatenate", {"axis": 1}, [[SEQUENCE, OTHER]]),
    ("Softmax", {"axis": 1}, [SEQUENCE]),
    ("ReLU", {"max_value": 0.8, "negative_slope": 0.1, "threshold": 0.2}, [SEQUENCE]),
    ("LeakyReLU", {"negative_slope": 0.1}, [SEQUENCE]),
    ("PReLU", {"alpha_initializer": "ones"}, [SEQUENCE]),
    ("PReLU", {"alpha_initializer": "ones", "shared_axes": [1, 2]}, [IMAGE]),
    ("ELU", {"alpha": 0.5}, [SEQUENCE]),
    ("Identity", {}, [SEQUENCE]),
    ("Masking", {"mask_value": 1.0}, [np.where(SEQUENCE > 1, 1, SEQUENCE)]),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, [SEQUENCE]),
    ("SpatialDropout1D", {"rate": 0.5}, [SEQUENCE]),
    ("SpatialDropout2D", {"rate": 0.5, "data_format": "channels_first"}, [IMAGE]),
    ("SpatialDropout3D", {"rate": 0.5}, [VIDEO]),
    ("GaussianNoise", {"stddev": 0.5}, [SEQUENCE]),
    ("GaussianDropout", {"rate": 0.5}, [SEQUENCE]),
    ("AlphaDropout", {"rate": 0.5}, [SEQUENCE]),
    ("RepeatVector", {"n": 3}, [SEQUENCE[:, 0]]),
    ("Cropping1D", {"cropping": (1, 2)}, [SEQUENCE]),
    ("Cropping2D", {"cropping": ((1, 0), (2, 3))}, [IMAGE]),
    ("Cropping2D", {"cropping": (2, 0), "data_format": "channels_first"}, [IMAGE]),
    ("Cropping3D", {}, [VIDEO]),
    ("ZeroPadding1D", {"padding": (1, 2)}, [SEQUENCE]),
    ("ZeroPadding1D", {"padding": 2, "data_format": "channels_first"}, [SEQUENCE]),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, [IMAGE]),
    ("ZeroPadding3D", {"padding": (1, 2, 0), "data_format": "channels_first"}, [VIDEO]),
    ("UpSampling1D", {"size": 3}, [SEQUENCE]),
    ("UpSampling2D", {"size": (2, 3)}, [IMAGE]),
    ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}, [IMAGE]),
    ("UpSampling3D", {"size": (1, 2, 3), "data_format": "channels_first"}, [VIDEO]),
    ("GroupNormalization", {"groups": 2}, [VIDEO]),
    ("GroupNormalization", {"groups": -1, "axis": 1, "epsilon": 0.1}, [IMAGE]),
    ("GroupNormalization", {"groups": 3, "center": False, "scale": False}, [SEQUENCE]),
    ("RMSNormalization", {}, [SEQUENCE]),
    ("RMSNormalization", {"axis": [1, 2], "epsilon": 0.1}, [SEQUENCE]),
    ("UnitNormalization", {"axis": [1, 2]}, [SEQUENCE]),
    ("MaxPooling3D", {"pool_size": 2, "strides": 1}, [VIDEO]),
    ("AveragePooling3D", {"pool_size": (1, 2, 3), "padding": "same"}, [VIDEO]),
    ("GlobalMaxPooling3D", {"keepdims": True}, [VIDEO]),
    ("GlobalAveragePooling3D", {"data_format": "channels_first"}, [VIDEO]),
    ("AdaptiveMaxPooling1D", {"output_size": 2}, [SEQUENCE]),
    ("AdaptiveAveragePooling2D", {"output_size": (3, 2)}, [IMAGE]),
    ("AdaptiveAveragePooling3D", {"output_size": 2, "data_format": "channels_first"}, [VIDEO]),
    ("Dot", {"axes": 1}, [[SEQUENCE, SEQUENCE]]),
    ("Dot", {"axes": (1, 2), "normalize": True}, [[SEQUENCE, numbers(2, 4, 5)]]),
    ("Dot", {"axes": -1}, [[SEQUENCE[:, 0], SEQUENCE[:, 1]]]),
    ("Maximum", {}, [[SEQUENCE, SEQUENCE[::-1]]]),
    ("Minimum", {}, [[SEQUENCE, SEQUENCE[::-1]]]),
    ("Subtract", {}, [[SEQUENCE, SEQUENCE[::-1]]]),
]
IDS = [f"{name}-{'-'.join(f'{key}={value}' for key, value in options.items())}" for name, options, _ in CASES]


def spec(value):
    if isinstance(value, list):
        return [spec(item) for item in value]
    return kf.KerasTensor((None, *value.shape[1:]), str(value.dtype))


def names_and_shapes(layer):
    # The first part is the layer's own name; the cell's may have a number behind it.
    return [(weight.path.rpartition("/")[2], tuple(weight.shape)) for weight in layer.weights]


@functools.cache
def of_keras(place):
    """Return the weights' names and shapes, whether masks are taken, the weights, and the outputs."""
    import keras

    name, options, inputs = CASES[place]
    layer = getattr(keras.layers, name)(**options)
    outputs = np.asarray(layer(*inputs))
    return names_and_shapes(layer), layer.supports_masking, layer.get_weights(), outputs


@pytest.mark.parametrize("place", range(len(CASES)), ids=IDS)
def test_layer_agrees_with_keras(engine, place):
    name, options, inputs = CASES[place]
    structure, masking, weights, expected = of_keras(place)
    ours = getattr(kf.layers, name)(**options)
    ours(*inputs)
    assert names_and_shapes(ours) == structure
    assert ours.supports_masking == masking
    ours.set_weights(weights)
    result = kf.ops.convert_to_numpy(ours(*inputs))
    np.testing.assert_allclose(result, expected, rtol=2e-5, atol=2e-6)
    assert result.dtype == expected.dtype


@pytest.mark.parametrize(("name", "options", "inputs"), CASES, ids=IDS)
def test_symbolic_shape_and_config_fit(engine, name, options, inputs):
    layer = getattr(kf.layers, name)(**options)
    result = layer(*inputs)
    symbolic = layer(*map(spec, inputs))
    assert symbolic.shape[1:] == kf.ops.shape(result)[1:]
    assert symbolic.dtype == kf.ops.dtype(result)
    clone = type(layer).from_config(layer.get_config())
    clone(*inputs)
    assert names_and_shapes(clone) == names_and_shapes(layer)
    clone.set_weights(layer.get_weights())
    np.testing.assert_array_equal(kf.ops.convert_to_numpy(clone(*inputs)), kf.ops.convert_to_numpy(result))


@pytest.mark.parametrize("options", [
    {"kind": "LSTM", "units": 4},
    {"kind": "GRU", "units": 3, "return_sequences": True},
    {"kind": "SimpleRNN", "units": 2, "return_sequences": True},
])  # fmt: skip
@pytest.mark.parametrize("bidirectional", [False, True])
def test_masked_recurrence_agrees_with_keras(engine, options, bidirectional):
    import keras

    options = dict(options)
    kind = options.pop("kind")
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 5]])
    models = []
    for library in (keras, kf):
        layer = getattr(library.layers, kind)(**options)
        layer = library.layers.Bidirectional(layer) if bidirectional else layer
        models.append(library.Sequential([library.layers.Embedding(7, 3, mask_zero=True), layer]))
    expected = np.asarray(models[0](ids))
    models[1](ids)
    models[1].set_weights(models[0].get_weights())
    np.testing.assert_allclose(kf.ops.convert_to_numpy(models[1](ids)), expected, rtol=1e-5, atol=1e-6)


def test_attention_passes_masks_and_returns_scores_like_keras(engine):
    import keras

    options = {"num_heads": 2, "key_dim": 4}
    theirs, ours = keras.layers.MultiHeadAttention(**options), kf.layers.MultiHeadAttention(**options)
    mask = np.array([[True, True, False, True, True]] * 2)
    call = {"return_attention_scores": True, "use_causal_mask": True, "key_mask": mask}
    expected = [np.asarray(part) for part in theirs(SEQUENCE, SEQUENCE, **call)]
    ours(SEQUENCE, SEQUENCE)
    ours.set_weights(theirs.get_weights())
    for result, wanted in zip(ours(SEQUENCE, SEQUENCE, **call), expected, strict=True):
        np.testing.assert_allclose(kf.ops.convert_to_numpy(result), wanted, rtol=2e-5, atol=1e-6)


def test_batch_normalization_moves_its_averages_like_keras(engine):
    import keras

    theirs, ours = keras.layers.BatchNormalization(momentum=0.8), kf.layers.BatchNormalization(momentum=0.8)
    for _ in range(3):
        expected = np.asarray(theirs(IMAGE, training=True))
        result = kf.ops.convert_to_numpy(ours(IMAGE, training=True))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_time_distributed_applies_the_layer_to_each_step(engine):
    layer = kf.layers.TimeDistributed(kf.layers.Dense(4))
    result = kf.ops.convert_to_numpy(layer(SEQUENCE))
    np.testing.assert_allclose(result, SEQUENCE @ layer.layer.get_weights()[0], rtol=1e-5, atol=1e-6)


def test_recurrent_dropout_is_one_mask_for_the_sequence(engine):
    layer = kf.layers.LSTM(3, dropout=0.5, recurrent_dropout=0.5, seed=3, return_sequences=True)
    first = kf.ops.convert_to_numpy(layer(SEQUENCE, training=True))
    again = kf.ops.convert_to_numpy(layer(SEQUENCE, training=True))
    calm = kf.ops.convert_to_numpy(layer(SEQUENCE, training=False))
    assert not np.allclose(first, again)
    assert not np.allclose(first, calm)


def test_stateful_layer_goes_on_where_it_ended(engine):
    whole = kf.layers.LSTM(3, return_sequences=True)
    expected = kf.ops.convert_to_numpy(whole(SEQUENCE))
    parts = kf.layers.LSTM(3, return_sequences=True, stateful=True)
    parts(SEQUENCE[:, :2])
    parts.cell.set_weights(whole.cell.get_weights())
    parts.reset_states()
    result = [kf.ops.convert_to_numpy(parts(SEQUENCE[:, a:b])) for a, b in ((0, 2), (2, 5))]
    np.testing.assert_allclose(np.concatenate(result, 1), expected, rtol=1e-5, atol=1e-6)


def test_lambda_and_custom_layer_run_and_train(engine):
    class Scale(kf.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight((input_shape[-1],), initializer="ones", name="factor")

        def call(self, inputs):
            return inputs * self.factor

    model = kf.Sequential([kf.Input((3,)), kf.layers.Lambda(lambda x: x * 2), Scale()])
    np.testing.assert_allclose(kf.ops.convert_to_numpy(model(SEQUENCE[:, 0])), SEQUENCE[:, 0] * 2, rtol=1e-6)
    model.compile("sgd", "mse")
    model.fit(SEQUENCE[:, 0], np.zeros((2, 3)), epochs=1, verbose=0)
    assert not np.allclose(model.get_weights()[0], 1)


@pytest.mark.parametrize(("equation", "inputs", "outputs", "fans"), [
    ("abc,cde->abde", (2, 3, 40), (None, 20, 30), (40, 600)),
    ("abde,dec->abc", (2, 3, 20, 30), (None, 40), (600, 40)),
    ("...x,xy->...y", (2, 3, 40), (30,), (40, 30)),
])  # fmt: skip
def test_einsum_kernel_is_drawn_for_what_the_equation_sums_over(equation, inputs, outputs, fans):
    layer = kf.layers.EinsumDense(equation, outputs)
    layer.build(inputs)
    limit = np.sqrt(6 / sum(fans))
    assert 0.95 * limit < np.abs(layer.kernel.numpy()).max() <= limit


TRAINED = [
    ("Dense", {"units": 3, "activation": "tanh", "kernel_regularizer": "l2", "bias_constraint": "non_neg"}, SEQUENCE),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"}, IMAGE),
    ("Conv2D", {"filters": 2, "kernel_size": 2, "data_format": "channels_first"}, FIRST),
    ("AveragePooling2D", {"pool_size": 3, "padding": "same"}, IMAGE),
    ("MaxPooling2D", {"pool_size": 2, "padding": "same"}, IMAGE),
    ("BatchNormalization", {"momentum": 0.8}, SEQUENCE),
    ("BatchNormalization", {"renorm": True, "renorm_momentum": 0.6}, SEQUENCE),
    ("LayerNormalization", {"axis": [1, 2]}, SEQUENCE),
    ("LayerNormalization", {"rms_scaling": True}, SEQUENCE),
    ("SimpleRNN", {"units": 3}, SEQUENCE),
    ("LSTM", {"units": 3, "return_sequences": True}, SEQUENCE),
    ("GRU", {"units": 3, "go_backwards": True}, SEQUENCE),
    ("GRU", {"units": 3, "reset_after": False}, SEQUENCE),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (5, 4), "bias_axes": "d"}, SEQUENCE),
]


def trained(keras, case, weights=None):
    """Return the first weights and those after three steps."""
    name, options, x = TRAINED[case]
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), getattr(layers, name)(**options), layers.Flatten(), layers.Dense(1)]
    )
    if weights is not None:
        model.set_weights(weights)
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
    y = np.array([[1.0], [-1.0]], "float32")
    for _ in range(3):
        model.train_on_batch(x, y)
    return before, model.get_weights()


@functools.cache
def oracle(case):
    import keras

    return trained(keras, case)


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling")
@pytest.mark.parametrize("case", range(len(TRAINED)), ids=lambda case: f"{TRAINED[case][0]}-{case}")
def test_weights_after_training_steps_are_those_of_keras(engine, case):
    before, expected = oracle(case)
    for mine, other in zip(trained(kf, case, before)[1], expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(("name", "options", "mean", "deviation"), [
    ("GaussianNoise", {"stddev": 0.5}, 1.0, 0.5),
    ("GaussianDropout", {"rate": 0.2}, 1.0, 0.5),
    ("AlphaDropout", {"rate": 0.3}, None, None),
    ("SpatialDropout1D", {"rate": 0.5}, 1.0, 1.0),
])  # fmt: skip
def test_noise_has_its_mean_and_deviation_in_training(engine, name, options, mean, deviation):
    layer = getattr(kf.layers, name)(**options, seed=3)
    x = np.ones((40, 10, 50), "float32")
    if name == "AlphaDropout":
        # It keeps those of its inputs.
        x, mean, deviation = np.random.default_rng(0).normal(size=x.shape).astype("float32"), 0.0, 1.0
    found = kf.ops.convert_to_numpy(layer(x, training=True))
    assert abs(found.mean() - mean) < 0.06
    assert abs(found.std() - deviation) < 0.06
    np.testing.assert_array_equal(kf.ops.convert_to_numpy(layer(x)), x)
    if name.startswith("Spatial"):
        assert (found == found[:, :1]).all()


def test_activity_regularization_adds_its_penalty_per_sample(engine):
    layer = kf.layers.ActivityRegularization(l1=0.1, l2=0.2)
    layer(SEQUENCE)
    expected = (0.1 * np.abs(SEQUENCE).sum() + 0.2 * (SEQUENCE**2).sum()) / 2
    np.testing.assert_allclose(kf.ops.convert_to_numpy(layer.losses[0]), expected, rtol=1e-5)


@functools.cache
def losses_with_noise(engine):
    layers = kf.layers
    kf.utils.set_random_seed(3)
    model = kf.Sequential([
        kf.Input((5, 3)),
        layers.GaussianNoise(0.1),
        layers.GaussianDropout(0.1),
        layers.AlphaDropout(0.1, noise_shape=(None, 1, None)),
        layers.SpatialDropout1D(0.2),
        layers.Flatten(),
        layers.Dense(1),
    ])  # fmt: skip
    model.compile("sgd", "mse")
    rows = np.random.default_rng(0).normal(size=(10, 5, 3)).astype("float32")
    return model.fit(rows, np.ones((10, 1)), batch_size=4, epochs=2, verbose=0).history["loss"]


def test_noise_is_the_same_on_every_engine(engine):
    with kf.backend.scope("numpy"):
        expected = losses_with_noise("numpy")
    np.testing.assert_allclose(losses_with_noise(engine), expected, rtol=1e-5)

"""Mistakes with layers are refused in our words, the same on every engine, and nothing is lost."""

import numpy as np
import pytest

import kerasfront as kf

layers = kf.layers
SAMPLES = np.ones((2, 5, 3), "float32")


@pytest.mark.parametrize(("make", "words"), [
    (lambda: layers.Dense(-1), "units is -1"),
    (lambda: layers.Dense(2.5), "units is 2.5"),
    (lambda: layers.Dense(3, activation="rellu"), "'relu'"),
    (lambda: layers.Dense(3, kernel_initializer="glorot_unifrm"), "glorot_uniform"),
    (lambda: layers.Dense(3, unitz=4), "unitz"),
    (lambda: layers.Dense(3, name="a/b"), "a/b"),
    (lambda: layers.Dense(3, trainable="yes"), "trainable is 'yes'"),
    (lambda: layers.Dense(3).add_weight("kernel"), "shape is 'kernel'"),
    (lambda: layers.Conv2D(0, 3), "filters is 0"),
    (lambda: layers.Conv2D(4, (3, 3, 3)), "kernel_size"),
    (lambda: layers.Conv2D(4, 3, padding="sme"), "same"),
    (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2), "strides=2"),
    (lambda: layers.Conv2D(5, 3, groups=2), "groups=2"),
    (lambda: layers.MaxPooling2D(0), "pool_size"),
    (lambda: layers.Dropout(1.5), "rate is 1.5"),
    (lambda: layers.Embedding(0, 3), "input_dim is 0"),
    (lambda: layers.LSTM(-3), "units is -3"),
    (lambda: layers.RNN(layers.Dense(3)), "state_size"),
    (lambda: layers.Bidirectional(layers.Dense(3)), "recurrent"),
    (lambda: layers.TimeDistributed(3), "Expected a Layer"),
    (lambda: layers.MultiHeadAttention(0, 3), "num_heads is 0"),
    (lambda: layers.Permute((1, 3)), "dims"),
    (lambda: layers.Reshape((-2, 5)), r"target_shape is \(-2, 5\)"),
    (lambda: layers.Reshape((-1, -1, 5)), "at most one -1"),
    (lambda: layers.Dropout(0.5, noise_shape=(20, 1.5)), r"noise_shape is \(20, 1.5\)"),
    (lambda: layers.Dropout(0.5, noise_shape=(20, 0)), r"noise_shape is \(20, 0\)"),
    (lambda: layers.InputLayer(batch_size=4, batch_shape=(2, 3)), "at most one of batch_size and batch_shape"),
    (lambda: layers.InputLayer(input_tensor=np.zeros((2, 3))), "input_tensor is a ndarray"),
    (lambda: layers.InputLayer(shape=(4,), input_tensor=kf.KerasTensor((2, 3))), r"shape is \(4,\)"),
    (lambda: layers.InputLayer(dtype="int32", input_tensor=kf.KerasTensor((2, 3))), "dtype is int32"),
    (lambda: layers.BatchNormalization(momentum=2), "momentum is 2"),
    (lambda: layers.Conv2DTranspose(4, 3, output_padding=1), "output_padding=1"),
    (lambda: layers.Conv2DTranspose(4, 3, padding="causal"), "Expected one of: same, valid"),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier is 0"),
    (lambda: layers.SeparableConv1D(0, 3), "filters is 0"),
    (lambda: layers.AdaptiveMaxPooling2D((1, 2, 3)), r"output_size is \(1, 2, 3\)"),
    (lambda: layers.ReLU(max_value=-1), "max_value is -1"),
    (lambda: layers.LeakyReLU(None), "negative_slope is None"),
    (lambda: layers.ELU("a"), "alpha is 'a'"),
    (lambda: layers.PReLU(shared_axes=0)(SAMPLES), r"shared_axes is \[0\]"),
    (lambda: layers.GaussianNoise(-1), "stddev is -1"),
    (lambda: layers.GaussianDropout(1.0), "Expected less than 1"),
    (lambda: layers.AlphaDropout(0.5, noise_shape=(1, 2))(SAMPLES, training=True), r"noise_shape \(1, 2\)"),
    (lambda: layers.UpSampling2D((1, 2, 3)), r"size is \(1, 2, 3\)"),
    (lambda: layers.UpSampling2D(interpolation="cubic"), "'bicubic'"),
    (lambda: layers.RepeatVector(0), "n is 0"),
    (lambda: layers.Cropping1D(3)(SAMPLES), "leaves nothing"),
    (lambda: layers.ZeroPadding2D((1.5, 1)), r"padding is \(1.5, 1\)"),
    (lambda: layers.Dot((1, 2, 3)), r"axes is \(1, 2, 3\)"),
    (lambda: layers.Dot(0)([SAMPLES, SAMPLES]), "not the batch's"),
    (lambda: layers.GroupNormalization(2)(SAMPLES), "groups is 2 for 3 channels"),
    (lambda: layers.GroupNormalization(1, axis=0)(SAMPLES), "that of the batch"),
    (lambda: layers.RMSNormalization(epsilon=-1), "epsilon is -1"),
    (lambda: layers.UnitNormalization(axis=3)(SAMPLES), "axis 3 is out of range"),
    (lambda: layers.Attention(score_mode="dat"), "'dot'"),
    (lambda: layers.Attention()(SAMPLES), "Pass a list"),
    (lambda: layers.Attention()([SAMPLES, SAMPLES[..., :2]]), "as many features"),
    (lambda: layers.AdditiveAttention()([kf.Input((5, None))] * 2), "is unknown"),
    (lambda: layers.ActivityRegularization(l1=-1), "got -1"),
    (lambda: kf.Input((3, -1)), "-1"),
    (lambda: kf.Input(), "exactly one"),
    (lambda: kf.DTypePolicy("mixed_float15"), "mixed_float16"),
])  # fmt: skip
def test_wrong_argument_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_unknown_layer_name_suggests_the_nearest():
    with pytest.raises(AttributeError, match="Dense"):
        kf.layers.Dnse  # noqa: B018


@pytest.mark.parametrize(("layer", "first", "second", "words"), [
    (lambda: layers.Dense(3), (2, 4), (2, 5), r"\(2, 5\)"),
    (lambda: layers.Conv2D(3, 3), (2, 8, 8, 3), (2, 8, 8, 4), "size 3 on axis -1"),
    (lambda: layers.Conv2D(3, 3), (2, 8, 8, 3), (2, 8, 8), "4 axes"),
    (lambda: layers.LSTM(3), (2, 4, 3), (2, 4), "3 axes"),
    (lambda: layers.BatchNormalization(), (2, 3), (2, 4), "size 3"),
])  # fmt: skip
def test_wrong_input_shape_is_refused_before_the_engine(engine, layer, first, second, words):
    layer = layer()
    layer(np.zeros(first, "float32"))
    weights = layer.get_weights()
    with pytest.raises(ValueError, match=words) as caught:
        layer(np.zeros(second, "float32"))
    assert layer.name in str(caught.value) or any(layer.name in note for note in caught.value.__notes__)
    for before, after in zip(weights, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_embedding_index_out_of_range_is_an_error_eagerly(engine):
    layer = layers.Embedding(5, 2)
    with pytest.raises(ValueError, match="index 5 is out of range"):
        layer(np.array([[0, 5]]))


def test_symbolic_tensor_has_no_value():
    tensor = kf.Input((3,))
    for use, kind in ((bool, TypeError), (float, ValueError), (np.asarray, ValueError), (list, ValueError)):
        with pytest.raises(kind, match="symbolic tensor"):
            use(tensor)


def test_merging_what_does_not_fit(engine):
    with pytest.raises(ValueError, match="do not broadcast"):
        layers.Add()([np.zeros((2, 3), "float32"), np.zeros((2, 4), "float32")])
    with pytest.raises(ValueError, match="do not fit together"):
        layers.Concatenate(axis=1)([np.zeros((2, 3), "float32"), np.zeros((3, 4), "float32")])


def test_unknown_size_where_variables_need_one():
    with pytest.raises(ValueError, match="unknown"):
        layers.Dense(3)(kf.Input((None,)))


def test_a_weight_made_in_each_call_is_refused(engine):
    class Late(kf.Layer):
        def call(self, inputs):
            return inputs + self.add_weight(shape=(), name="late")

    with pytest.raises(ValueError, match=r"add_weight: the layer is built and in a call"):
        Late()(np.zeros((2, 3), "float32"))


def test_a_build_with_other_names_than_call_is_refused():
    class Odd(kf.Layer):
        def build(self, first_shape, third_shape):
            self.built = True

        def call(self, first, second):
            return first + second

    with pytest.raises(ValueError, match=r"build: no value for its argument 'third_shape'.*'second'"):
        Odd()(np.zeros((2, 3), "float32"), np.zeros((2, 3), "float32"))


def test_an_axis_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="axis is {'axis': -1}"):
        layers.LayerNormalization(axis={"axis": -1})


@pytest.mark.parametrize("shape", [(2, 3), (1, 1, 3), (2,)])
def test_softmax_refuses_a_mask_of_another_shape(engine, shape):
    with pytest.raises(ValueError, match="softmax: mask has shape"):
        layers.Softmax(name="softmax")(np.zeros((1, 3), "float32"), mask=np.ones(shape, bool))

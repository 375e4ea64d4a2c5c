"""Neural-network ops on symbolic tensors of unknown sizes give the shapes of the values, alone and in a model."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops

RNG = np.random.default_rng(0)
SEQUENCES = RNG.normal(size=(2, 5, 4)).astype("float32")
IMAGES = RNG.normal(size=(2, 6, 4, 4)).astype("float32")
HEADS = RNG.normal(size=(2, 5, 2, 4)).astype("float32")
KERNEL = RNG.normal(size=(3, 3, 4, 2)).astype("float32")

# What is called, and on what; the batch and all spatial or time sizes are unknown to the symbolic call.
CALLS = {
    "conv": (lambda x: ops.conv(x, KERNEL, 2, "same"), IMAGES),
    "conv_transpose": (lambda x: ops.conv_transpose(x, KERNEL.swapaxes(2, 3), 2), IMAGES),
    "depthwise_conv": (lambda x: ops.depthwise_conv(x, KERNEL, padding="valid"), IMAGES),
    "separable_conv": (lambda x: ops.separable_conv(x, KERNEL, KERNEL[:1, :1, :, :1].repeat(2, 2)), IMAGES),
    "max_pool": (lambda x: ops.max_pool(x, 2), IMAGES),
    "average_pool": (lambda x: ops.average_pool(x, 3, 2, "same"), IMAGES),
    "adaptive_average_pool": (lambda x: ops.adaptive_average_pool(x, (4, 3)), IMAGES),
    "adaptive_max_pool": (lambda x: ops.adaptive_max_pool(x, 5), IMAGES),
    "depth_to_space": (lambda x: ops.depth_to_space(x, 2), IMAGES),
    "space_to_depth": (lambda x: ops.space_to_depth(x, 2), IMAGES),
    "unfold": (lambda x: ops.unfold(x, 2, padding=1, stride=2), IMAGES),
    "softmax": (lambda x: ops.softmax(x, (1, 2)), SEQUENCES),
    "sparsemax": (lambda x: ops.sparsemax(x), SEQUENCES),
    "glu": (lambda x: ops.glu(x), SEQUENCES),
    "normalize": (lambda x: ops.normalize(x, axis=1), SEQUENCES),
    "moments": (lambda x: ops.moments(x, (0, 1))[1], SEQUENCES),
    "layer_normalization": (lambda x: ops.layer_normalization(x, axis=-1), SEQUENCES),
    "rms_normalization": (lambda x: ops.rms_normalization(x), SEQUENCES),
    "attention": (lambda x: ops.dot_product_attention(x, x, x, is_causal=True), HEADS),
    "masked attention": (lambda x: ops.dot_product_attention(x, x, x, mask=x[:, None, None, :, 0, 0] > 0), HEADS),
    "scan": (lambda x: ops.scan(lambda c, row: (c + row[0], c * 2.0), x[0, 0], x)[1], SEQUENCES),
    "map": (lambda x: ops.map(lambda row: ops.sum(row, axis=0), x), SEQUENCES),
    "vectorized_map": (lambda x: ops.vectorized_map(lambda row: row * 2.0, x), SEQUENCES),
    "associative_scan": (lambda x: ops.associative_scan(ops.add, x, axis=1), SEQUENCES),
    "while_loop": (lambda x: ops.while_loop(lambda n, v: n < 3, lambda n, v: (n + 1, v * 2.0), (0, x))[1], SEQUENCES),
    "fori_loop": (lambda x: ops.fori_loop(0, 3, lambda i, v: v * 2.0, x), SEQUENCES),
    "switch": (lambda x: ops.switch(1, [ops.sin, ops.cos], x), SEQUENCES),
    "switch by a tensor": (lambda x: ops.switch(ops.cast(ops.sum(x), "int32"), [ops.sin, ops.cos], x), SEQUENCES),
    "jvp": (lambda x: ops.jvp(ops.sin, (x,), (x,))[1], SEQUENCES),
    "custom_gradient": (lambda x: ops.custom_gradient(lambda y: (y * 2.0, lambda g: g))(x), SEQUENCES),
    "ctc_decode": (lambda x: ops.ctc_decode(x, ops.cast(x[:, 0, 0] * 0 + 3, "int32"))[0], SEQUENCES),
    "beam search": (
        lambda x: ops.ctc_decode(x, ops.cast(x[:, 0, 0] * 0 + 3, "int32"), "beam_search", 4, 2)[1],
        SEQUENCES,
    ),
    "psnr": (lambda x: ops.psnr(x, x * 0.5, 1.0), IMAGES),
}


@pytest.mark.parametrize("name", CALLS)
def test_shapes_with_unknown_sizes_are_those_of_the_values(engine, name):
    function, value = CALLS[name]
    # The batch and spatial or time sizes are open, heads and channels are not.
    known = 2 if value is HEADS else 1
    shape = (*(None,) * (value.ndim - known), *value.shape[value.ndim - known :])
    inferred = function(keras.KerasTensor(shape))
    found = function(ops.convert_to_tensor(value))
    assert len(inferred.shape) == len(found.shape)
    assert all(size in (None, real) for size, real in zip(inferred.shape, found.shape, strict=True))
    assert inferred.dtype == ops.dtype(found)


@pytest.mark.parametrize("name", CALLS)
def test_a_functional_model_replays_the_op(name):
    function, value = CALLS[name]
    inputs = keras.Input(shape=value.shape[1:])
    model = keras.Model(inputs, function(inputs))
    expected = ops.convert_to_numpy(function(ops.convert_to_tensor(value)))
    np.testing.assert_allclose(ops.convert_to_numpy(model(value)), expected, rtol=1e-5, atol=1e-6)

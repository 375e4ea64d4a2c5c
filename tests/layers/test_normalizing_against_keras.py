"""Normalizing layers against Keras: axes, masks, momentum, renormalization; outputs and weights after several steps."""

import numpy as np
import pytest

import kerasfront as kf

generator = np.random.default_rng(3)
BATCHES = [generator.normal(1.0, 2.0, size=(4, 5, 3)).astype("float32") for _ in range(4)]
MASK = generator.random((4, 5)) < 0.7


def host(value):
    return np.asarray(kf.ops.convert_to_numpy(value))


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("options", [
    {"momentum": 0.7},
    {"axis": 1, "momentum": 0.5},
    {"center": False, "scale": False, "epsilon": 0.1, "momentum": 0.0},
    {"renorm": True, "momentum": 0.8, "renorm_momentum": 0.6},
    {"renorm": True, "center": False, "scale": False, "renorm_momentum": 0.6},
    {"renorm": True, "axis": 1, "renorm_clipping": {"rmin": 0.9, "rmax": 1.5, "dmax": 0.5}, "renorm_momentum": 0.3},
    {"renorm": True, "renorm_clipping": {"rmax": 1.2}, "moving_variance_initializer": "zeros"},
], ids=str)  # fmt: skip
def test_batch_normalization_after_some_batches(engine, options, mask):
    import keras

    theirs, ours = keras.layers.BatchNormalization(**options), kf.layers.BatchNormalization(**options)
    if mask is not None and options.get("axis") == 1:
        pytest.skip("Keras counts the features of masked steps once, see the next test")
    for batch in BATCHES:
        expected = np.asarray(theirs(batch, training=True, mask=mask))
        result = host(ours(batch, training=True, mask=mask))
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    names = [one.path.partition("/")[2] for one in theirs.weights]
    assert [one.path.partition("/")[2] for one in ours.weights] == names
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
    calm = host(ours(BATCHES[0], training=False))
    np.testing.assert_allclose(calm, np.asarray(theirs(BATCHES[0], training=False)), rtol=1e-4, atol=1e-4)
    again = kf.layers.BatchNormalization.from_config(ours.get_config())
    again.build(BATCHES[0].shape)
    again.set_weights(ours.get_weights())
    np.testing.assert_array_equal(host(again(BATCHES[0], training=False)), calm)


def test_masked_batches_normalized_by_another_axis(engine):
    layer = kf.layers.BatchNormalization(axis=1, momentum=0.0)
    layer(BATCHES[0], training=True, mask=MASK)
    for step in range(5):
        seen = BATCHES[0][MASK[:, step], step]
        np.testing.assert_allclose(host(layer.moving_mean)[step], seen.mean(), rtol=1e-5)
        np.testing.assert_allclose(host(layer.moving_variance)[step], seen.var(), rtol=1e-4)


@pytest.mark.parametrize("options", [
    {"rms_scaling": True},
    {"rms_scaling": True, "axis": [1, 2], "scale": False},
    {"axis": (1,), "epsilon": 0.1},
], ids=str)  # fmt: skip
@pytest.mark.filterwarnings("ignore:You passed `rms_scaling")
def test_layer_normalization(engine, options):
    import keras

    theirs, ours = keras.layers.LayerNormalization(**options), kf.layers.LayerNormalization(**options)
    theirs.build(BATCHES[0].shape)
    ours.build(BATCHES[0].shape)
    weights = [generator.normal(size=one.shape).astype("float32") for one in theirs.weights]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    np.testing.assert_allclose(host(ours(BATCHES[0])), np.asarray(theirs(BATCHES[0])), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("clipping", [{"rmx": 2.0}, {"rmin": 2.0, "rmax": 1.0}, {"dmax": -1.0}], ids=str)
def test_bounds_of_renormalization_that_mean_nothing_are_refused(clipping):
    with pytest.raises(ValueError, match="renorm_clipping"):
        kf.layers.BatchNormalization(renorm=True, renorm_clipping=clipping)

"""fit, evaluate and predict in the forms in which their arguments come."""

import pickle

import numpy as np
import pytest

import kerasfront as keras
from tests.training.models import classifier, data, regression, same, sequential, two_outputs, weights_of

pytestmark = pytest.mark.usefixtures("engine")
X, Y, Z = data()


def compiled(model=None, **options):
    model = model or regression()
    model.compile(**{"optimizer": keras.optimizers.SGD(0.1), "loss": "mse", **options})
    return model


def test_an_unbuilt_model_is_built_by_the_first_batch():
    model = compiled(sequential(), optimizer="adam", metrics=["mae"])
    history = model.fit(X, Z, epochs=2, verbose=0)
    assert [weight.shape for weight in model.get_weights()] == [(4, 5), (5,), (5, 1), (1,)]
    assert list(history.history) == ["loss", "mae"]
    assert history.epoch == [0, 1]


def test_training_lowers_the_loss():
    history = compiled().fit(X, Z, epochs=20, verbose=0, batch_size=5).history["loss"]
    assert history[-1] < 0.5 * history[0]


def test_epoch_loss_is_weighted_by_samples():
    model = compiled(optimizer=keras.optimizers.SGD(0.0))
    whole = np.mean((model.predict(X, verbose=0) - Z) ** 2)
    (loss,) = model.fit(X, Z, batch_size=4, verbose=0).history["loss"]
    np.testing.assert_allclose(loss, whole, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(X, Z, batch_size=3, verbose=0), whole, rtol=1e-5)


def test_initial_epoch_and_validation_frequency():
    model = compiled()
    history = model.fit(X, Z, epochs=5, initial_epoch=2, validation_split=0.2, validation_freq=2, verbose=0)
    assert history.epoch == [2, 3, 4]
    assert len(history.history["loss"]) == 3
    assert len(history.history["val_loss"]) == 1
    again = model.fit(X, Z, epochs=3, validation_data=(X, Z), validation_freq=[1, 3], verbose=0)
    assert len(again.history["val_loss"]) == 2


def test_validation_split_takes_the_last_samples():
    model = compiled(optimizer=keras.optimizers.SGD(0.0))
    history = model.fit(X, Z, validation_split=0.3, verbose=0).history
    np.testing.assert_allclose(history["val_loss"], model.evaluate(X[7:], Z[7:], verbose=0), rtol=1e-5)


def batches(count):
    for _ in range(count):
        yield X[:5], Z[:5]


def test_a_generator_feeds_epochs_one_after_the_other():
    history = compiled().fit(batches(6), epochs=3, steps_per_epoch=2, verbose=0)
    assert len(history.history["loss"]) == 3


def test_a_generator_that_is_too_short_warns_and_ends_the_training():
    model = compiled()
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model.fit(batches(3), epochs=4, steps_per_epoch=2, verbose=0)
    assert len(history.history["loss"]) == 2
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model.fit(batches(3), epochs=4, verbose=0)
    assert len(history.history["loss"]) == 1


def test_a_generator_may_give_weights_and_end_evaluation():
    model = compiled()
    loss = model.evaluate(((X, Z, np.zeros(10)) for _ in range(2)), verbose=0)
    assert loss == 0.0
    expected = model.evaluate(X[:5], Z[:5], verbose=0)
    np.testing.assert_allclose(model.evaluate(batches(3), steps=2, verbose=0), expected, rtol=1e-6)


def test_zero_weights_stop_learning():
    model = compiled()
    before = weights_of(model)
    model.fit(X, Z, sample_weight=np.zeros(10), verbose=0)
    assert same(before, weights_of(model))


@pytest.mark.parametrize("size", [None, 3, 10, 64])
def test_predictions_come_in_order_whatever_the_batches(size):
    model = regression()
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(X, batch_size=size, verbose=0), X @ kernel + bias, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(X), X @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_predictions_have_the_structure_of_the_outputs():
    a, b = two_outputs().predict(X, batch_size=4, verbose=0)
    assert a.shape == (10, 3) and b.shape == (10, 1)
    keyed = two_outputs(keyed=True).predict(X, batch_size=4, verbose=0)
    np.testing.assert_allclose(keyed["p"], a, rtol=1e-6)
    np.testing.assert_allclose(keyed["q"], b, rtol=1e-6)


def test_dict_and_list_inputs():
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    total = keras.layers.Add()([left, right])
    for inputs, x in (([left, right], [X, X]), ({"left": left, "right": right}, {"left": X, "right": X})):
        model = compiled(keras.Model(inputs, keras.layers.Dense(1)(total)))
        assert len(model.fit(x, Z, epochs=2, batch_size=4, verbose=0).history["loss"]) == 2
        assert model.predict(x, verbose=0).shape == (10, 1)


def test_evaluate_returns_a_number_a_list_or_a_dict():
    assert isinstance(compiled().evaluate(X, Z, verbose=0), float)
    model = compiled(metrics=["mae"])
    numbers = model.evaluate(X, Z, verbose=0)
    assert model.metrics_names == ["loss", "mae"]
    assert model.evaluate(X, Z, verbose=0, return_dict=True) == dict(zip(["loss", "mae"], numbers, strict=True))


def test_results_on_a_batch_are_of_that_batch():
    model = compiled(metrics=["mae"], optimizer=keras.optimizers.SGD(0.0))
    expected = model.evaluate(X, Z, verbose=0)
    model.train_on_batch(X[:3], Z[:3])
    np.testing.assert_allclose(model.train_on_batch(X, Z), expected, rtol=1e-6)
    np.testing.assert_allclose(model.test_on_batch(X, Z), expected, rtol=1e-6)
    assert set(model.test_on_batch(X, Z, return_dict=True)) == {"loss", "mae"}
    assert set(model.train_on_batch(X, Z, return_dict=True)) == {"loss", "mae"}


def test_class_weights_on_a_batch():
    model = compiled(classifier(), loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.SGD(0.0))
    weights = {0: 1.0, 1: 3.0, 2: 0.0}
    as_samples = np.array([weights[label] for label in Y[:, 0]], "float32")
    np.testing.assert_allclose(
        model.train_on_batch(X, Y, class_weight=weights), model.test_on_batch(X, Y, sample_weight=as_samples), rtol=1e-6
    )


@pytest.mark.parametrize("option", [{"run_eagerly": True}, {"jit_compile": False}, {"steps_per_execution": 3}])
def test_ways_to_run_do_not_change_the_numbers(option):
    plain, other = compiled(metrics=["mae"]), compiled(metrics=["mae"], **option)
    for model in (plain, other):
        model.fit(X, Z, batch_size=2, epochs=2, shuffle=False, verbose=0)
    for mine, theirs in zip(weights_of(other), weights_of(plain), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(other.evaluate(X, Z, verbose=0), plain.evaluate(X, Z, verbose=0), rtol=1e-5)


def test_one_seed_gives_one_order_and_each_epoch_another():
    class Order(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    def seen(seed):
        keras.utils.set_random_seed(seed)
        return compiled(Order()).fit(X, Z, batch_size=1, epochs=3, verbose=0).history["loss"]

    assert seen(1) == seen(1)
    assert seen(1) != seen(2)


def test_going_on_equals_going_through():
    keras.utils.set_random_seed(3)
    whole = compiled()
    losses = whole.fit(X, Z, batch_size=3, epochs=4, verbose=0).history["loss"]
    keras.utils.set_random_seed(3)
    parts = compiled()
    first = parts.fit(X, Z, batch_size=3, epochs=2, verbose=0).history["loss"]
    second = parts.fit(X, Z, batch_size=3, epochs=4, initial_epoch=2, verbose=0).history["loss"]
    assert first + second == losses


def test_a_copy_goes_on_where_the_model_was():
    keras.utils.set_random_seed(4)
    model = compiled(sequential(), optimizer="adam", metrics=["mae"])
    model.fit(X, Z, batch_size=3, epochs=2, verbose=0)
    twin = pickle.loads(pickle.dumps(model))
    histories = [each.fit(X, Z, batch_size=3, epochs=3, initial_epoch=2, verbose=0).history for each in (model, twin)]
    assert histories[0] == histories[1]


def test_freezing_is_seen_without_compiling_anew():
    model = compiled(sequential())
    model.fit(X, Z, verbose=0)
    model.layers[0].trainable = False
    before = weights_of(model)
    model.fit(X, Z, verbose=0)
    after = weights_of(model)
    assert same(before[:2], after[:2]) and not same(before[2:], after[2:])


def test_losses_of_layers_and_weights_are_added():
    class Penalty(keras.layers.Layer):
        def call(self, x):
            self.add_loss(keras.ops.sum(x) * 0.0 + 3.0)
            return x

    inputs = keras.Input((4,))
    hidden = Penalty()(keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.5))(inputs))
    model = compiled(keras.Model(inputs, keras.layers.Dense(1)(hidden)), optimizer=keras.optimizers.SGD(0.0))
    kernel = model.get_weights()[0]
    data_loss = np.mean((model.predict(X, verbose=0) - Z) ** 2)
    expected = data_loss + 3.0 + 0.5 * np.sum(kernel**2)
    np.testing.assert_allclose(model.evaluate(X, Z, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model.fit(X, Z, verbose=0).history["loss"], [expected], rtol=1e-5)


def test_a_model_with_only_added_losses_trains_without_labels():
    class Shrinking(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            y = self.dense(x)
            self.add_loss(keras.ops.mean(keras.ops.square(y)))
            return y

    losses = compiled(Shrinking(), loss=None).fit(X, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_own_trackers_are_reported_and_reset():
    class Tracking(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)
            self.seen = keras.metrics.Sum(name="seen")

        def call(self, x):
            return self.dense(x)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            self.seen.update_state(keras.ops.ones((keras.ops.shape(x)[0],)))
            return super().compute_loss(x, y, y_pred, sample_weight, training)

    history = compiled(Tracking()).fit(X, Z, batch_size=4, epochs=2, verbose=0).history
    assert history["seen"] == [10.0, 10.0]


def test_a_mask_takes_steps_out_of_loss_and_metrics():
    inputs = keras.Input((3,), dtype="int32")
    hidden = keras.layers.Embedding(5, 2, mask_zero=True)(inputs)
    model = compiled(keras.Model(inputs, keras.layers.Dense(1)(hidden)), metrics=["mae"])
    x = np.array([[1, 2, 0], [3, 0, 0]], "int32")
    y = np.ones((2, 3, 1), "float32")
    error = (model.predict(x, verbose=0) - y)[x > 0]
    numbers = model.evaluate(x, y, verbose=0)
    np.testing.assert_allclose(numbers, [np.mean(error**2), np.mean(np.abs(error))], rtol=1e-5)
    np.testing.assert_allclose(model.train_on_batch(x, y), numbers, rtol=1e-5)


def test_averaged_weights_are_put_in_place_at_the_end():
    model = compiled(optimizer=keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.99))
    plain = compiled(optimizer=keras.optimizers.SGD(0.5))
    for each in (model, plain):
        each.fit(X, Z, epochs=3, verbose=0)
    start = weights_of(regression())[0]
    assert np.abs(weights_of(model)[0] - start).max() < np.abs(weights_of(plain)[0] - start).max()


def test_mixed_precision_scales_the_loss():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(8, dtype="mixed_float16", activation="relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(hidden))
    model.dtype_policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    model.compile("adam", "mse")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    losses = model.fit(X, Z, epochs=3, verbose=0).history["loss"]
    assert all(0 < loss < 100 for loss in losses)


def test_compile_config_makes_the_same_model():
    model = compiled(
        classifier(), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["acc"], steps_per_execution=2
    )
    config = model.get_compile_config()
    other = classifier()
    other.compile_from_config(config)
    assert other.steps_per_execution == 2
    histories = [each.fit(X, Y, batch_size=3, shuffle=False, verbose=0).history for each in (model, other)]
    assert histories[0] == histories[1]
    assert regression().get_compile_config() is None

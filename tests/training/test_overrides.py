"""Methods of a model that a subclass overrides one at a time, and what the others then see of them."""

import numpy as np
import pytest

import kerasfront as keras

X, Z = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")


class Base(keras.Model):
    """One Dense layer of ones: each output is 4, each squared error 9."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="ones")

    def call(self, x, training=False):
        return self.dense(x)


class BareLoss(Base):
    def compute_loss(self, x, y, y_pred, sample_weight):
        return 2 * keras.ops.mean(keras.ops.abs(y - y_pred))


class KeywordLoss(Base):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **options):
        return 2 * keras.ops.mean(keras.ops.abs(y - y_pred)) + (0 if options["training"] else 1)


class OtherKeyword(Base):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        return super().compute_loss(x, y, y_pred, sample_weight) - 3.0


class TrainingLoss(Base):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, sample_weight, training) + (1.0 if training else 2.0)


@pytest.mark.parametrize(
    "kind, loss, trained, judged",
    [(BareLoss, None, 6, 6), (KeywordLoss, None, 6, 7), (OtherKeyword, "mse", 6, 6), (TrainingLoss, "mse", 10, 11)],
)
def test_an_own_loss_with_and_without_the_training_argument(engine, kind, loss, trained, judged):
    model = kind()
    model.compile(keras.optimizers.SGD(0.0), loss)
    assert model.fit(X, Z, verbose=0).history["loss"] == [pytest.approx(trained)]
    assert model.evaluate(X, Z, verbose=0) == pytest.approx(judged)
    assert model.train_on_batch(X, Z) == pytest.approx(trained)


class OwnMetrics(Base):
    def __init__(self):
        super().__init__()
        self.seen = keras.metrics.Sum(name="seen")

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        logs = super().compute_metrics(x, y, y_pred, sample_weight)
        self.seen.update_state(keras.ops.sum(y_pred))
        return {**logs, "seen": self.seen.result(), "extra": 3.0}


def test_own_metrics_join_the_compiled_ones(engine):
    model = OwnMetrics()
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mae"])
    history = model.fit(X, Z, batch_size=4, epochs=2, verbose=0).history
    assert history == {"extra": [3, 3], "loss": [9, 9], "mae": [3, 3], "seen": [32, 32]}
    assert model.evaluate(X, Z, verbose=0, return_dict=True) == {"extra": 3, "loss": 9, "mae": 3, "seen": 32}
    assert [metric.name for metric in model.metrics][:2] == ["loss", "compile_metrics"]
    model.reset_metrics()
    assert {name: float(value) for name, value in model.get_metrics_result().items()} == {
        "loss": 0, "mae": 0, "seen": 0,
    }  # fmt: skip


class OwnSteps(Base):
    def train_step(self, data):
        return {**super().train_step(data), "mine": 5.0}

    def test_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        return {"distance": keras.ops.max(keras.ops.abs(self(x) - y))}

    def predict_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return 2 * self(x, training=False)


def test_steps_of_ones_own(engine):
    model = OwnSteps()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    history = model.fit(X, Z, verbose=0, validation_data=(X, Z)).history
    assert history == {"loss": [9], "mine": [5], "val_distance": [3]}
    assert model.evaluate(X, Z, verbose=0) == 3
    np.testing.assert_allclose(model.predict(X, verbose=0), np.full((8, 1), 8))
    np.testing.assert_allclose(model.predict_on_batch(X), np.full((8, 1), 8))


class ListMetrics(Base):
    def __init__(self):
        super().__init__()
        self.mine = keras.metrics.Mean(name="mine")

    @property
    def metrics(self):
        return [self.mine]

    def train_step(self, data):
        self.mine.update_state(7.0)
        return {"mine": self.mine.result()}

    def test_step(self, data):
        return []


def test_a_model_that_lists_its_metrics_itself(engine):
    model = ListMetrics()
    model.compile()
    assert model.fit(X, Z, epochs=2, verbose=0).history == {"mine": [7, 7]}
    with pytest.raises(TypeError, match="the logs are no dict. Expected .* got list. Return a dict"):
        model.evaluate(X, Z, verbose=0)


class Renamed(Base):
    def compile(self, optimizer, judge):
        super().compile(optimizer)
        self.judge = judge

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.judge(y, y_pred)


def test_compile_with_arguments_of_ones_own(engine):
    model = Renamed()
    model.compile("sgd", judge=keras.losses.MeanSquaredError())
    assert model.fit(X, Z, verbose=0).history["loss"] == [pytest.approx(9)]


def test_how_to_run_may_be_said_before_compile(engine):
    model = Base()
    calls = []

    def call(x, training=False):
        calls.append(type(x))
        return model.dense(x)

    model.call = call
    model.run_eagerly = True
    model.jit_compile = False
    for _ in range(3):
        model.predict(X, verbose=0)
    assert len(calls) >= 3
    with pytest.raises(ValueError, match="`jit_compile` does not fit"):
        model.jit_compile = "yes"
    model.compile("sgd", "mse")
    assert (model.run_eagerly, model.jit_compile) == (False, "auto")


class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 1

    def on_test_batch_end(self, batch, logs=None):
        self.model.stop_evaluating = batch == 1

    def on_predict_batch_end(self, batch, logs=None):
        self.model.stop_predicting = batch == 1


def test_callbacks_end_loops_but_not_later_ones(engine):
    model = Base()
    model.compile("sgd", "mse")
    for _ in range(2):
        assert model.fit(X, Z, batch_size=2, epochs=3, verbose=0, callbacks=[Stop()]).epoch == [0]
        model.evaluate(X, Z, batch_size=2, verbose=0, callbacks=[Stop()])
        assert model.stop_evaluating
        assert len(model.predict(X, batch_size=2, verbose=0, callbacks=[Stop()])) == 4
    assert len(model.predict(X, batch_size=2, verbose=0)) == 8
    model.evaluate(X, Z, batch_size=2, verbose=0)
    assert not model.stop_evaluating


def test_functions_over_an_iterator(engine):
    model = Base()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    batches = iter([(X, Z)] * 3)
    assert float(model.make_train_function()(batches)["loss"]) == 9
    assert float(model.make_test_function()(batches)["loss"]) == 9
    assert keras.ops.shape(model.make_predict_function()(batches)) == (8, 1)

"""A step of one's own is written once and runs compiled on every engine."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops
from tests.training.models import data, weights_of

pytestmark = pytest.mark.usefixtures("engine")
X, Y, Z = data()


class Plain(keras.Model):
    """Its own train_step does what the default one does."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="ones")

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data

        def loss_of():
            y_pred = self(x, training=True)
            return self.compute_loss(x=x, y=y, y_pred=y_pred), y_pred

        (loss, y_pred), gradients = keras.value_and_grad(loss_of, self.trainable_variables, has_aux=True)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


class Default(Plain):
    train_step = keras.Model.train_step


@pytest.mark.parametrize("eager", [False, True])
def test_an_own_step_equals_the_default_one(eager):
    results = []
    for kind in (Plain, Default):
        model = kind()
        model.compile(keras.optimizers.Adam(0.1), "mse", metrics=["mae"], run_eagerly=eager)
        history = model.fit(X, Z, batch_size=5, epochs=3, shuffle=False, verbose=0).history
        results.append((history, weights_of(model)))
    (mine, my_weights), (default, weights) = results
    assert list(mine) == list(default) == ["loss", "mae"]
    for name in mine:
        np.testing.assert_allclose(mine[name], default[name], rtol=1e-5)
    for a, b in zip(my_weights, weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


class Adversaries(keras.Model):
    """Two networks, two optimizers, no call()."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
        self.critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        self.seeds = keras.random.SeedGenerator(5)
        self.critic_loss = keras.metrics.Mean(name="critic_loss")

    def compile(self, generator_optimizer, critic_optimizer):
        super().compile()
        self.generator_optimizer, self.critic_optimizer = generator_optimizer, critic_optimizer

    def train_step(self, real):
        noise = keras.random.normal((ops.shape(real)[0], 2), seed=self.seeds)

        def critic_loss():
            return ops.mean(self.critic(self.generator(noise))) - ops.mean(self.critic(real))

        def generator_loss():
            return -ops.mean(self.critic(self.generator(noise)))

        loss, gradients = keras.value_and_grad(critic_loss, self.critic.trainable_variables)
        self.critic_optimizer.apply(gradients, self.critic.trainable_variables)
        fooled, gradients = keras.value_and_grad(generator_loss, self.generator.trainable_variables)
        self.generator_optimizer.apply(gradients, self.generator.trainable_variables)
        self.critic_loss.update_state(loss)
        return {"critic_loss": self.critic_loss.result(), "generator_loss": fooled}


def test_two_networks_with_two_optimizers_train():
    model = Adversaries()
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.Adam(0.01))
    before = weights_of(model.generator) + weights_of(model.critic)
    history = model.fit(X, epochs=3, batch_size=5, verbose=0).history
    assert {"critic_loss", "generator_loss"} <= set(history)
    assert np.isfinite(history["generator_loss"]).all()
    after = weights_of(model.generator) + weights_of(model.critic)
    # The critic's bias cancels out of its loss, so it alone may stay.
    changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert changed[:3] == [True, True, True]


def test_own_test_and_predict_steps():
    class Own(Default):
        def test_step(self, data):
            x, y = data
            return {"largest": ops.max(ops.abs(self(x, training=False) - y))}

        def predict_step(self, data):
            x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
            return {"twice": 2 * self(x, training=False)}

    model = Own()
    model.compile("sgd", "mse")
    outputs = model.predict(X, batch_size=4, verbose=0)
    np.testing.assert_allclose(outputs["twice"], 2 * ops.convert_to_numpy(model(X)), rtol=1e-6)
    largest = model.evaluate(X, Z, verbose=0, return_dict=True)["largest"]
    np.testing.assert_allclose(largest, np.abs(outputs["twice"] / 2 - Z).max(), rtol=1e-5)


def test_train_function_takes_batches_from_an_iterator():
    model = Default()
    model.compile("sgd", "mse")
    logs = model.make_train_function()(iter([(X, Z)]))
    assert set(logs) == {"loss"}
    assert model.make_predict_function()(iter([X])).shape == (10, 1)


def test_a_step_sees_no_more_than_it_was_given():
    seen = []

    class Watching(Default):
        def train_step(self, data):
            seen.append(type(data) is tuple and len(data))
            return super().train_step(data)

    model = Watching()
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(X, Z, verbose=0)
    model.fit(X, Z, sample_weight=np.ones(10), verbose=0)
    assert seen == [2, 3]


def test_a_loss_that_the_step_reports_without_counting_it_is_in_the_history():
    class Reporting(Default):
        def train_step(self, data):
            x, y = data

            def loss_of():
                return self.compute_loss(x, y, self(x, training=True))

            loss, gradients = keras.value_and_grad(loss_of, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            return {"loss": loss}

    model = Reporting()
    model.compile("sgd", "mse")
    model.build((None, X.shape[1]))
    expected = [float(np.mean((ops.convert_to_numpy(model(X)) - Z) ** 2))]
    history = model.fit(X, Z, batch_size=10, epochs=2, verbose=0).history["loss"]
    np.testing.assert_allclose(history[:1], expected, rtol=1e-5)
    assert 0 < history[1] < history[0]

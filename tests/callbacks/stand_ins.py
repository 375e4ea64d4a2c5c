"""Stand-ins for models, so that callbacks can be tested without training one."""

import types


class Model:
    """What callbacks use of a model: weights, an optimizer's rate, the stop flag."""

    def __init__(self, rate=0.1, metrics=()):
        self.optimizer = types.SimpleNamespace(learning_rate=rate)
        self.stop_training = False
        self.weights = ["w0"]
        self.metrics = list(metrics)

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = list(weights)


def run(callback, epochs, model=None, first=0):
    """Drive a callback through epochs with the given logs; return the epochs run, the logs as it left them, and the
    model."""
    model = model or Model()
    callback.set_model(model)
    callback.set_params({"epochs": len(epochs), "verbose": 0, "steps": 1})
    callback.on_train_begin()
    done, logs_after = [], []
    for epoch, logs in enumerate(epochs, first):
        logs = dict(logs)
        callback.on_epoch_begin(epoch)
        model.weights = [f"w{epoch + 1}"]
        callback.on_epoch_end(epoch, logs)
        done.append(epoch)
        logs_after.append(logs)
        if model.stop_training:
            break
    callback.on_train_end()
    return done, logs_after, model

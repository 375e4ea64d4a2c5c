"""Distillation: a small network learns from the softened answers of a large one. One train step, on every engine.

Run: python examples/custom_train_step.py                 on every engine that is installed
     python examples/custom_train_step.py torch jax       on these

The step below is plain Python. Where the engine compiles, it is compiled; what it assigns (weights, the state of the
optimizer, metrics, seeds of dropout) survives. The numbers are the same on every engine.
"""

import sys
import time

import kerasfront as keras
from kerasfront import ops

CLASSES = 10


class Distiller(keras.Model):
    """Trains `student` on the labels and on what `teacher` says.

    Args:
        student: returns logits.
        teacher: returns logits; not changed.
        temperature: by which both are divided before they are compared; larger shows more of what the teacher thinks
        of the
            wrong classes.
        weight: of the teacher's part in the loss, from 0 to 1.
    """

    def __init__(self, student: keras.Model, teacher: keras.Model, temperature: float = 4.0, weight: float = 0.7):
        super().__init__()
        self.student, self.teacher = student, teacher
        self.temperature, self.weight = temperature, weight
        self.label_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.divergence = keras.losses.KLDivergence()
        self.total = keras.metrics.Mean(name="loss")
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def call(self, x, training=None):
        """Return the student's logits."""
        return self.student(x, training=training)

    def train_step(self, data):
        """Take one step of the student; written once for all engines."""
        x, y = data
        wise = ops.softmax(self.teacher(x, training=False) / self.temperature)

        def loss_of():
            logits = self.student(x, training=True)
            soft = self.divergence(wise, ops.softmax(logits / self.temperature)) * self.temperature**2
            return self.weight * soft + (1.0 - self.weight) * self.label_loss(y, logits), logits

        variables = self.student.trainable_variables
        (loss, logits), gradients = keras.value_and_grad(loss_of, variables, has_aux=True)
        self.optimizer.apply(gradients, variables)
        self.total.update_state(loss)
        self.accuracy.update_state(y, logits)
        return {"loss": self.total.result(), "accuracy": self.accuracy.result()}


def network(units: int, dropout: float = 0.0) -> keras.Model:
    """Return a classifier of 8x8 digits that gives logits."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(units, activation="relu"),
            layers.Dense(CLASSES),
        ]
    )


def accuracy(model: keras.Model, x, y) -> float:
    """Return the fraction of right answers."""
    return float((model.predict(x, verbose=0).argmax(axis=1) == y).mean())


def run(engine: str) -> None:
    """Train teacher and student on one engine and print how they do."""
    start = time.perf_counter()
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    x_train, x_test = (x.reshape(-1, 64).astype("float32") / 16.0 for x in (x_train, x_test))
    with keras.backend.scope(engine):
        keras.utils.set_random_seed(7)
        teacher = network(128, dropout=0.2)
        teacher.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        teacher.fit(x_train, y_train, batch_size=64, epochs=8, verbose=0)

        distiller = Distiller(network(16), teacher)
        distiller.compile(keras.optimizers.Adam(3e-3))
        losses = distiller.fit(x_train, y_train, batch_size=64, epochs=8, verbose=0).history["loss"]
        right = accuracy(teacher, x_test, y_test), accuracy(distiller, x_test, y_test)
    print(f"{engine}: losses {' '.join(f'{loss:.4f}' for loss in losses)}")
    print(
        f"{engine}: accuracy of the teacher {right[0]:.4f}, of the student {right[1]:.4f};"
        f" {time.perf_counter() - start:.1f} s"
    )


if __name__ == "__main__":
    for name in sys.argv[1:] or keras.backend.available():
        run(name)

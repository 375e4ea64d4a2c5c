"""Train a model on one engine, move it to another in the middle, and go on where it was.

Run: python examples/two_engines.py                      from torch to jax
     python examples/two_engines.py numpy tensorflow     from NumPy to TensorFlow

Weights, the state of the optimizer and the seeds move; the order of the batches belongs to the model and the number of
the epoch. So the second half goes on as if all epochs had run on one engine, which the last lines check.
"""

import sys

import numpy as np

import kerasfront as keras

HALF = 3


def build() -> keras.Model:
    """Return a compiled digit classifier with dropout, from a fixed seed."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def main(first: str, second: str) -> None:
    """Train three epochs here, three there, and compare with six here."""
    (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    x, x_test = (images.reshape(-1, 64).astype("float32") / 16.0 for images in (x, x_test))

    with keras.backend.scope(first):
        model = build()
    losses = model.fit(x, y, batch_size=64, epochs=HALF, verbose=0).history["loss"]
    model = model.to_backend(second)
    losses += model.fit(x, y, batch_size=64, epochs=2 * HALF, initial_epoch=HALF, verbose=0).history["loss"]
    right = float((model.predict(x_test, verbose=0).argmax(axis=1) == y_test).mean())

    with keras.backend.scope(first):
        stayed = build()
    expected = stayed.fit(x, y, batch_size=64, epochs=2 * HALF, verbose=0).history["loss"]

    print(f"{first}, then {second}: {' '.join(f'{loss:.5f}' for loss in losses)}; test accuracy {right:.4f}")
    print(f"{first} alone: {' '.join(f'{loss:.5f}' for loss in expected)}")
    np.testing.assert_allclose(losses, expected, rtol=1e-3)
    print("The curves agree.")


if __name__ == "__main__":
    main(*(sys.argv[1:] or ("torch", "jax")))

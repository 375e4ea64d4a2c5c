"""Train and evaluate a digit classifier on real handwritten digits, and draw its learning curve.

Run: python examples/quickstart.py                              on the engine that is installed
     KERASFRONT_BACKEND=jax python examples/quickstart.py       on another one

It prints the test accuracy and writes learning_curve.png to the current folder.
"""

import matplotlib

matplotlib.use("Agg")  # draw to files: a server has no screen

import matplotlib.pyplot as plt

import kerasfront as keras

CLASSES = 10
EPOCHS = 20


def load() -> tuple:
    """Return the digits as rows of 64 numbers from 0 to 1, with one-hot labels."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    x_train = x_train.reshape(-1, 64).astype("float32") / 16.0
    x_test = x_test.reshape(-1, 64).astype("float32") / 16.0
    y_train = keras.utils.to_categorical(y_train, CLASSES)
    y_test = keras.utils.to_categorical(y_test, CLASSES)
    return (x_train, y_train), (x_test, y_test)


def build() -> keras.models.Sequential:
    """Return the classifier, compiled."""
    model = keras.models.Sequential()
    model.add(keras.layers.Dense(units=128, activation="relu", input_shape=(64,)))
    model.add(keras.layers.Dense(units=128, activation="relu"))
    model.add(keras.layers.Dense(units=CLASSES, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def draw(history: dict[str, list[float]], file: str) -> None:
    """Write the curves of loss and accuracy over the epochs to a PNG file."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(epochs, history[quantity], label="training")
        axis.plot(epochs, history[f"val_{quantity}"], label="validation")
        axis.set(xlabel="epoch", ylabel=quantity)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.suptitle(f"Handwritten digits on {keras.config.backend()}")
    figure.savefig(file, dpi=120)


def main() -> None:
    """Train, evaluate, print and draw."""
    keras.utils.set_random_seed(7)
    (x_train, y_train), (x_test, y_test) = load()
    model = build()
    history = model.fit(x_train, y_train, epochs=EPOCHS, batch_size=64, validation_split=0.1, verbose=2)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    draw(history.history, "learning_curve.png")
    print(f"engine: {keras.config.backend()}, test accuracy: {accuracy:.4f}, curve: learning_curve.png")


if __name__ == "__main__":
    main()

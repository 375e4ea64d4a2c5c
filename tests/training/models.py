"""Small models and data for the tests of training."""

import numpy as np

import kerasfront as keras


def data(samples=10, features=4, classes=3):
    """Inputs, class labels and real numbers, the same at each call."""
    source = np.random.RandomState(0)
    x = source.rand(samples, features).astype("float32")
    y = source.randint(0, classes, (samples, 1)).astype("int32")
    z = source.rand(samples, 1).astype("float32")
    return x, y, z


def regression(k=keras, width=1):
    """One Dense layer with known weights."""
    inputs = k.Input((4,))
    model = k.Model(inputs, k.layers.Dense(width, name="b")(inputs))
    model.set_weights([np.linspace(-1, 1, 4 * width).reshape(4, width), np.zeros(width)])
    return model


def classifier(k=keras):
    """Dense and softmax with known weights."""
    inputs = k.Input((4,))
    model = k.Model(inputs, k.layers.Dense(3, activation="softmax", name="a")(inputs))
    model.set_weights([np.linspace(-1, 1, 12).reshape(4, 3), np.zeros(3)])
    return model


def two_outputs(k=keras, keyed=False):
    """Classes from output "a", a number from output "b"; keyed gives them as "p" and "q"."""
    inputs = k.Input((4,))
    a = k.layers.Dense(3, activation="softmax", name="a")(inputs)
    b = k.layers.Dense(1, name="b")(inputs)
    model = k.Model(inputs, {"p": a, "q": b} if keyed else [a, b])
    model.set_weights([np.linspace(-1, 1, 12).reshape(4, 3), np.zeros(3), np.linspace(-1, 1, 4)[:, None], np.zeros(1)])
    return model


def nested_outputs(k=keras, lists=False):
    """Numbers from layers "b" and "c", classes from "a": {"u": {"m": b, "n": c}, "v": a}, or [[b, c], a]."""
    inputs = k.Input((4,))
    a = k.layers.Dense(3, activation="softmax", name="a")(inputs)
    b, c = (k.layers.Dense(1, name=name)(inputs) for name in "bc")
    model = k.Model(inputs, [[b, c], a] if lists else {"u": {"m": b, "n": c}, "v": a})
    for layer, width in ("a", 3), ("b", 1), ("c", 1):
        kernel = np.linspace(-1, 1, 4 * width).reshape(4, width)
        model.get_layer(layer).set_weights([kernel * (0.5 if layer == "c" else 1.0), np.zeros(width)])
    return model


def sequential(width=1):
    """An unbuilt model."""
    return keras.Sequential([keras.layers.Dense(5, activation="relu"), keras.layers.Dense(width)])


def weights_of(model):
    """Copies of all weights."""
    return [np.array(weight) for weight in model.get_weights()]


def same(before, after):
    """Whether two lists of arrays are equal bit by bit."""
    return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))

"""Each wrong use ends in an error of ours, or a warning, that says where, what was expected, what came and what to do.

Eagerly and compiled, on each engine, with the same words.
"""

import warnings

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import layers

source = np.random.RandomState(0)
X = source.rand(10, 4).astype("float32")
Z = source.rand(10, 1).astype("float32")
Y = np.arange(10) % 3
SPARSE = "sparse_categorical_crossentropy"


def model_of(*stack, shape=(4,), dtype=None, **options):
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *stack])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **options})
    return model


def number(**options):
    return model_of(layers.Dense(1), **options)


def classes(**options):
    return model_of(layers.Dense(3, activation="softmax"), **{"loss": SPARSE, **options})


def yes_or_no(**options):
    return model_of(layers.Dense(1, activation="sigmoid"), **{"loss": "binary_crossentropy", **options})


def words(**options):
    stack = layers.Embedding(5, 2, name="table"), layers.Flatten(), layers.Dense(1)
    return model_of(*stack, shape=(3,), dtype="int32", **options)


class Blocked(layers.Layer):
    def call(self, x):
        return keras.ops.stop_gradient(x)


def frozen(**options):
    model = number(**options)
    model.trainable = False
    return model


# name: (model, what to call it with, parts of the message in their order)
FITTING = {
    "width": (number, (X[:, :3], Z), ["wrong shape of input", "Expected (None, 4)", "got (None, 3)", "Reshape"]),
    "rank": (number, (np.ones((10, 4, 2)), np.ones((10, 1))), ["wrong shape of input", "got (None, 4, 2)"]),
    "complex": (number, (X + 1j, Z), ["is complex", "Expected float32", "got complex", "real"]),
    "text": (number, (np.array([["a"] * 4] * 10), Z), ["fit: `x` does not consist of numbers", "got", "Encode"]),
    "objects": (number, (X.astype(object), Z), ["fit: `x` does not consist of numbers", "object", 'astype("float32")']),
    "ragged": (number, (np.array([[1], [1, 2]], dtype=object), Z[:2]), ["`x` does not consist", "np.stack"]),
    "empty": (number, (X[:0], Z[:0]), ["fit: the data is empty", "Expected at least one sample", "Check"]),
    "no labels": (number, (X,), ["there are no labels", "Expected labels", "got None", "Pass them in `y`"]),
    "sparse": (classes, (X, np.eye(3)[Y]), ["labels do not fit", "integers from 0", "For one-hot labels use"]),
    "one-hot": (
        lambda **options: classes(loss="categorical_crossentropy", **options),
        (X, Y),
        ["labels do not fit", "Expected y_true of shape (batch, 3)", "Use sparse_categorical_crossentropy"],
    ),
    "four classes": (
        lambda **options: classes(loss="categorical_crossentropy", **options),
        (X, np.eye(4)[Y]),
        ["labels do not fit", "(batch, 3)", "got y_true (None, 4)", "Pass one-hot labels"],
    ),
    "class 3": (classes, (X, Y + 1), ["fit: class label 3 in `y`", "from 0 to 2", "got labels from 1 to 3", "4 units"]),
    "class -1": (
        classes,
        (X, Y - 1),
        ["fit: class label -1", "got labels from -1 to 1", "counting the classes from 0"],
    ),
    "class 0.5": (classes, (X, Y + 0.5), ["fit: class label 0.5", "no whole number", "Use integers for classes"]),
    "text as labels": (classes, (X, np.array(list("abcabcabca"))), ["fit: `y` does not consist of numbers", "Encode"]),
    "objects as labels": (classes, (X, np.array([None] * 10)), ["fit: `y` does not consist of numbers", "object"]),
    "word 8": (words, (np.full((10, 3), 8), Z), ["fit: index 8 in `x`", "'table'", "from 0 to 4", "input_dim=9"]),
    "word -1": (words, (np.full((10, 3), -1), Z), ["fit: index -1 in `x`", "from 0 to 4", "counting from 0"]),
    "no loss": (lambda **o: number(loss=None, **o), (X, Z), ["fit: there is no loss", "Expected", "got none", "Pass"]),
    "no optimizer": (lambda **o: number(optimizer=None, **o), (X, Z), ["fit: there is no optimizer", "compile"]),
    "no gradient": (
        lambda **options: model_of(layers.Dense(1), Blocked(), **options),
        (X, Z),
        ["fit: the loss does not depend on any weight", "Expected a gradient", "got none", "Compute the loss"],
    ),
}


def assert_says(error, parts):
    """The message has the parts in their order, and comes from us."""
    text, position = str(error), 0
    for part in parts:
        assert part in text[position:], f"{part!r} is not in {text[position:]!r}"
        position = text.index(part, position)
    assert "xpected" in text and text.rstrip()[-1] in ".?"


@pytest.mark.parametrize("eager", [False, True], ids=["compiled", "eager"])
@pytest.mark.parametrize("name", FITTING)
def test_data_that_does_not_fit(engine, name, eager):
    make, data, parts = FITTING[name]
    model = make(run_eagerly=eager)
    before = model.get_weights()
    with pytest.raises(ValueError) as caught:
        model.fit(*data, verbose=0)
    assert_says(caught.value, parts)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("call", ["evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"])
def test_words_out_of_range_in_other_calls(engine, call):
    data = (np.full((10, 3), 7), Z)[: 1 if "predict" in call else 2]
    with pytest.raises(ValueError) as caught:
        getattr(words(), call)(*data)
    assert_says(caught.value, [f"{call}: index 7 in `x`", "from 0 to 4", "input_dim=8"])


def test_words_out_of_range_in_one_of_several_inputs(engine):
    a, b = keras.Input((3,), name="a", dtype="int32"), keras.Input((4,), name="b")
    parts = [layers.Flatten()(layers.Embedding(5, 2)(a)), b]
    model = keras.Model({"b": b, "a": a}, layers.Dense(1)(layers.Concatenate()(parts)))
    model.compile("sgd", "mse")
    good = {"a": np.full((10, 3), 4), "b": X + 100}
    model.fit(good, Z, verbose=0, validation_data=(good, Z))
    with pytest.raises(ValueError, match=r"predict: index 5 in `x\['a'\]` is out of range"):
        model.predict({**good, "a": np.full((10, 3), 5)}, verbose=0)
    with pytest.raises(ValueError, match=r"fit, validation_data: index 9 in `x\['a'\]` is out of range"):
        model.fit(good, Z, verbose=0, validation_data=({**good, "a": np.full((10, 3), 9)}, Z))


def rows(x, y):
    while True:
        yield x, y


@pytest.mark.parametrize("eager", [False, True], ids=["compiled", "eager"])
@pytest.mark.parametrize("make, data", [(words, (np.full((10, 3), 8), Z)), (classes, (X, Y + 1))])
def test_numbers_out_of_range_in_a_stream_do_not_pass_in_silence(engine, make, data, eager):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            loss = make(run_eagerly=eager).fit(rows(*data), steps_per_epoch=1, verbose=0).history["loss"][0]
        except ValueError as error:
            assert_says(error, ["xpected", "got"] if make is classes else ["out of range", "xpected"])
        else:
            assert np.isnan(loss)
            assert any("the loss is nan. Expected a finite number" in str(one.message) for one in caught)


WARNED = {
    "labels of -1 and 1": (yes_or_no, (X, np.sign(Z - 0.5)), {}, "labels in `y` do not fit binary_crossentropy"),
    "labels of 0 to 255": (yes_or_no, (X, Z * 255), {}, r"Expected numbers from 0 to 1; got 15.* to 177"),
    "no weights": (lambda: model_of(layers.Activation("relu")), (X, X), {}, "no trainable weights. Expected"),
    "frozen": (frozen, (X, Z), {}, "nothing is trained, since the model has no trainable weights.*got 2"),
    "no epochs": (number, (X, Z), {"epochs": 0}, "fit: nothing is trained. Expected `epochs` above"),
    "late epochs": (number, (X, Z), {"epochs": 2, "initial_epoch": 5}, "got 2 and 5. Pass the number of the last"),
    "NaN": (number, (np.where(X > 0.5, np.nan, X), Z), {}, "the loss is nan. Expected a finite number.*TerminateOnNaN"),
    "NaN labels": (number, (X, Z + np.nan), {}, "the loss is nan"),
}


@pytest.mark.parametrize("name", WARNED)
def test_what_trains_nothing_or_nonsense_warns(engine, name):
    make, data, options, message = WARNED[name]
    with pytest.warns((UserWarning, RuntimeWarning), match=message):
        make().fit(*data, verbose=0, **options)


NUMBERS = [
    ("batch_size", 0),
    ("batch_size", -1),
    ("batch_size", 2.5),
    ("batch_size", float("nan")),
    ("epochs", -1),
    ("epochs", 1.5),
    ("validation_split", 1.5),
    ("validation_split", -0.1),
    ("validation_steps", -2),
    ("validation_batch_size", 0),
    ("steps_per_epoch", 0),
    ("shuffle", "yes"),
    ("verbose", "loud"),
]


@pytest.mark.parametrize("name, value", NUMBERS)
def test_nonsense_numbers(engine, name, value):
    with pytest.raises(ValueError) as caught:
        number().fit(X, Z, **{"validation_data": (X, Z), name: value})
    assert_says(caught.value, [f"fit: `{name}` does not fit", "Expected", f"got {value!r}", "Pass"])


NAMES = [
    (lambda: number(loss="mean_sqared_error"), "loss", "mean_squared_error"),
    (lambda: number(optimizer="adm"), "optimizer", "adam"),
    (lambda: number(metrics=["acuracy"]), "metric", "ccuracy"),
    (lambda: layers.Dense(2, activation="rellu"), "activation", "relu"),
    (lambda: layers.Dense(2, kernel_initializer="glorot_unifrom"), "initializer", "glorot_uniform"),
    (lambda: layers.Dense(2, kernel_regularizer="l1l3"), "regularizer", "l1l2"),
    (lambda: layers.Dense(2, kernel_constraint="max_nrm"), "constraint", "max_norm"),
    (lambda: layers.deserialize({"class_name": "Dens", "config": {}}), "class", "Dense"),
]


@pytest.mark.parametrize("make, kind, near", NAMES)
def test_unknown_names(engine, make, kind, near):
    with pytest.raises(ValueError) as caught:
        make()
    assert_says(caught.value, [kind, "xpected one of", f"Did you mean '{near}'" if kind != "metric" else near])


def test_an_unknown_layer(engine):
    with pytest.raises(AttributeError, match="has no layer 'Dens'. Did you mean 'Dense'"):
        layers.Dens(3)


@pytest.mark.parametrize(
    "options", [{"loss": 3}, {"metrics": [3]}, {"weighted_metrics": {"a": [0.5]}}, {"optimizer": 3}]
)
def test_other_things_than_names_and_objects(engine, options):
    with pytest.raises(ValueError) as caught:
        number(**options)
    assert_says(caught.value, ["Expected a name", "got", "Pass"])


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf"), "0.1"])
def test_learning_rates(engine, rate):
    with pytest.raises(ValueError) as caught:
        keras.optimizers.SGD(rate)
    assert_says(caught.value, ["SGD: learning_rate is out of range", "Expected a finite number", "got", "Pass"])
    model = number()
    with pytest.raises(ValueError, match="learning_rate is out of range"):
        model.optimizer.learning_rate = rate


def test_validation_data_without_labels(engine):
    with pytest.raises(ValueError) as caught:
        number().fit(X, Z, validation_data=(X,), verbose=0)
    assert_says(caught.value, ["loss", "there are no labels", "Pass them in `y`"])


def test_a_model_that_was_not_compiled(engine):
    with pytest.raises(ValueError) as caught:
        keras.Sequential([keras.Input((4,)), layers.Dense(1)]).fit(X, Z)
    assert_says(caught.value, ["fit: the model has not been compiled", "Expected", "got none", "Call model.compile"])


def test_tensors_of_two_engines_in_one_op(engine):
    other = "torch" if engine != "torch" else "numpy"
    with keras.backend.scope(other):
        theirs = keras.ops.ones((2, 2))
    ours = keras.ops.ones((2, 2))
    if "numpy" in (engine, other):
        # NumPy's arrays are taken by any engine.
        assert keras.ops.shape(keras.ops.add(ours, theirs)) == (2, 2)
        return
    with pytest.raises(RuntimeError) as caught:
        keras.ops.add(ours, theirs)
    assert_says(caught.value, ["add: tensors of two engines", "Expected one engine", "got", "Convert one"])


def test_tensors_of_another_engine_as_data(engine):
    other = "torch" if engine != "torch" else "numpy"
    with keras.backend.scope(other):
        x, y = keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(Z)
    model, same = number(), number()
    same.set_weights(model.get_weights())
    losses = [
        one.fit(*data, verbose=0, shuffle=False).history["loss"] for one, data in ((model, (x, y)), (same, (X, Z)))
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)

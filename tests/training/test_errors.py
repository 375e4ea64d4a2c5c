"""Nothing wrong passes in silence: each message says what, where, expected, got and the remedy."""

import numpy as np
import pytest

import kerasfront as keras
from tests.training.models import classifier, data, regression, two_outputs

pytestmark = pytest.mark.usefixtures("engine")
X, Y, Z = data()
SPARSE = "sparse_categorical_crossentropy"


def model_with(make=regression, **options):
    model = make()
    model.compile(**{"optimizer": "sgd", "loss": "mse", **options})
    return model


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_that_was_not_compiled(call):
    with pytest.raises(ValueError, match=rf"{call}: the model has not been compiled\. .*Call model\.compile"):
        getattr(regression(), call)(X, Z)


NUMBERS = [
    ("fit", {"epochs": -1}, "`epochs`"),
    ("fit", {"initial_epoch": -2}, "`initial_epoch`"),
    ("fit", {"batch_size": 0}, "`batch_size`"),
    ("fit", {"batch_size": 2.5}, "`batch_size`"),
    ("fit", {"steps_per_epoch": 0}, "`steps_per_epoch`"),
    ("fit", {"validation_split": 1.5}, "`validation_split`"),
    ("fit", {"validation_freq": 0}, "`validation_freq`"),
    ("fit", {"verbose": 7}, "`verbose`"),
    ("evaluate", {"batch_size": -3}, "`batch_size`"),
    ("predict", {"batch_size": 0}, "`batch_size`"),
]


@pytest.mark.parametrize("call, wrong, name", NUMBERS)
def test_nonsense_numbers(call, wrong, name):
    model = model_with()
    arguments = (X,) if call == "predict" else (X, Z)
    with pytest.raises(ValueError, match=rf"{call}: {name} does not fit\. Expected .*; got .*\. "):
        getattr(model, call)(*arguments, **{"verbose": 0, **wrong})


COMPILING = [
    ({"optimizer": "adm"}, "adam"),
    ({"loss": "mean_square_error"}, "mean_squared_error"),
    ({"metrics": ["accuraccy"]}, "Accuracy|accuracy"),
    ({"steps_per_execution": 0}, "`steps_per_execution` does not fit"),
    ({"jit_compile": "always"}, "`jit_compile` does not fit"),
]


@pytest.mark.parametrize("options, near", COMPILING)
def test_unknown_names_and_numbers_in_compile(options, near):
    with pytest.raises(ValueError, match=near):
        model_with(**options)


FITTING = [
    (regression, {}, X, None, "there are no labels"),
    (regression, {}, X[:, :3], Z, "3"),
    (regression, {}, X, np.zeros((10, 2)), "labels do not fit"),
    (classifier, {"loss": SPARSE}, X, Y + 1, "class label 3 in `y` is out of range"),
    (classifier, {"loss": SPARSE}, X, Y.astype("float32") + 1, "class label 3.0 in `y` is out of range"),
    (classifier, {"loss": SPARSE}, X, np.eye(3)[Y[:, 0]], "labels do not fit"),
    (classifier, {"loss": "categorical_crossentropy"}, X, Y, "labels do not fit"),
    (two_outputs, {}, X, Z, "2 outputs"),
    (two_outputs, {}, X, [Z], "2 outputs"),
    (two_outputs, {}, X, {"a": Y, "c": Z}, "'c' is no output of the model"),
    (two_outputs, {"loss": ["mse"]}, X, [Y, Z], "1 item came for 2 outputs"),
    (two_outputs, {"loss": {"a": "mse", "bb": "mse"}}, X, [Y, Z], "'bb' is no output"),
    (two_outputs, {"loss": [None, None]}, X, [Y, Z], "no output has a loss"),
    (two_outputs, {"loss": [SPARSE, "mse"], "metrics": ["mae"]}, X, [Y, Z], "1 item came for 2 outputs"),
    (two_outputs, {"loss": [SPARSE, "mse"], "metrics": {"c": "mae"}}, X, [Y, Z], "'c' is no output"),
    (two_outputs, {"loss": [SPARSE, "mse"], "loss_weights": [1.0]}, X, [Y, Z], "`loss_weights`: 1 item "),
    (regression, {"loss": keras.losses.MeanSquaredError(reduction="none")}, X, Z, "no single number"),
    (regression, {"loss": None}, X, Z, "no loss to minimise"),
    (regression, {"loss": lambda y, p: keras.ops.stop_gradient(p)}, X, Z, "does not depend on any weight"),
    (regression, {}, X[:0], Z[:0], "empty"),
    (regression, {}, X, Z[:9], "9"),
]


@pytest.mark.parametrize("make, options, x, y, message", FITTING)
def test_data_losses_and_metrics_that_do_not_fit(make, options, x, y, message):
    model = model_with(make, **options)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message) as caught:
        model.fit(x, y, verbose=0)
    assert "xpected" in str(caught.value) and "got" in str(caught.value)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_labels_out_of_range_in_validation_data():
    with pytest.raises(ValueError, match="validation_data: class label 3 in `y` is out of range"):
        model_with(classifier, loss=SPARSE).fit(X, Y, validation_data=(X, Y + 1), verbose=0)


def test_labels_out_of_range_on_a_batch():
    model = model_with(classifier, loss=SPARSE)
    for call in (model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match="class label -1 in `y` is out of range"):
            call(X, Y - 1 - Y)


def test_a_data_set_without_a_batch():
    with pytest.raises(ValueError, match="(?s)gave no batch|empty"):
        model_with().fit(iter([]), verbose=0)


def test_an_optimizer_that_knows_other_variables():
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    first = regression()
    first.compile(optimizer, "mse")
    first.fit(X, Z, verbose=0)
    second = regression()
    second.compile(optimizer, "mse")
    with pytest.raises(ValueError, match="(?i)optimizer|variable"):
        second.fit(X, Z, verbose=0)


def test_unknown_arguments_of_evaluate():
    with pytest.raises(ValueError, match="unknown arguments"):
        model_with().evaluate(X, Z, workers=3)


class MakesLayersInCall(keras.Model):
    def call(self, inputs):
        return keras.layers.Dense(1)(inputs)


@pytest.mark.filterwarnings("ignore:.*nothing is trained")
@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "train_on_batch"])
def test_layers_made_where_they_are_used(call, engine):
    model = MakesLayersInCall(name="maker")
    model.compile("sgd", "mse")
    arguments = (X,) if call == "predict" else (X, Z)
    run = lambda: getattr(model, call)(*arguments)  # noqa: E731
    if engine == "torch":
        # Plain Python does what it says: layers of one step each.
        assert run() is not None
        return
    with pytest.raises(ValueError, match=r"maker\.\w+_step: makes Variables anew .*got others 6 times.*__init__"):
        run()


def test_a_function_may_find_further_variables_time_after_time(engine):
    weights = [keras.Variable(float(place)) for place in range(12)]

    @keras.function
    def read(places):
        return sum((weights[int(place)] * 1.0 for place in places.split()), 0.0 * weights[0])

    for place in range(len(weights)):
        assert float(read(f"0 {place}")) == place
    assert float(read("0 1 2 3 4 5 6 7 8 9 10 11")) == 66

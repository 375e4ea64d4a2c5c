"""Every metric beside Keras 3, on every engine: results after several batches, with and without weights."""

import inspect
import warnings

import keras as oracle
import numpy as np
import pytest

from kerasfront import metrics, ops
from kerasfront.backend import dispatch

rng = np.random.default_rng(11)


def real(shape=(5, 3)):
    return lambda: (rng.normal(size=shape), rng.normal(size=shape))


def positive():
    return rng.uniform(0.1, 2, (5, 3)), rng.uniform(0.1, 2, (5, 3))


def binary(shape=(8,)):
    return lambda: (rng.integers(0, 2, shape), rng.uniform(0, 1, shape))


def rounded(shape=(12,)):
    """Predictions that lie on thresholds and tie with each other."""
    return lambda: (rng.integers(0, 2, shape), rng.integers(0, 11, shape) / 10)


def logits(shape=(8,)):
    return lambda: (rng.integers(0, 2, shape), rng.normal(size=shape) * 2)


def one_hot():
    scores = rng.uniform(0.05, 1, (7, 4))
    return np.eye(4)[rng.integers(0, 4, 7)], scores / scores.sum(-1, keepdims=True)


def sparse(shape=(7,)):
    def make():
        scores = rng.uniform(0.05, 1, (*shape, 4))
        return rng.integers(0, 4, shape), scores / scores.sum(-1, keepdims=True)

    return make


def sparse_column():
    labels, scores = sparse()()
    return labels[:, None], scores


def ties():
    return rng.integers(0, 4, 9), rng.integers(0, 3, (9, 4)) / 2


def sorted_ids():
    return rng.integers(0, 4, 6), np.stack([rng.permutation(4) for _ in range(6)])


def classes():
    return rng.integers(0, 3, 20), rng.integers(0, 3, 20)


def pictures():
    return rng.integers(0, 3, (2, 4, 4)), rng.integers(0, 3, (2, 4, 4))


def ignoring():
    return rng.integers(-1, 3, 20), rng.integers(0, 3, 20)


def one_hot_pictures():
    return np.eye(3)[rng.integers(0, 3, (2, 6))], rng.uniform(0, 1, (2, 6, 3))


def multi_label():
    return rng.integers(0, 2, (9, 3)), rng.uniform(0, 1, (9, 3))


def hinge_labels():
    return np.sign(rng.normal(size=(5, 3))), rng.normal(size=(5, 3))


ELEMENT, SAMPLE = "one weight for each element", "one weight for each sample"

CASES = [
    ("MeanSquaredError", {}, real(), SAMPLE),
    ("MeanSquaredError", {}, real((5, 2, 3)), SAMPLE),
    ("RootMeanSquaredError", {}, real(), SAMPLE),
    ("RootMeanSquaredError", {}, real(), ELEMENT),
    ("MeanAbsoluteError", {}, real(), SAMPLE),
    ("MeanAbsolutePercentageError", {}, real(), SAMPLE),
    ("MeanSquaredLogarithmicError", {}, positive, SAMPLE),
    ("LogCoshError", {}, real(), SAMPLE),
    ("CosineSimilarity", {}, real(), SAMPLE),
    ("CosineSimilarity", {"axis": 1}, real((4, 3, 2)), SAMPLE),
    ("R2Score", {}, real(), SAMPLE),
    ("R2Score", {"class_aggregation": None}, real(), SAMPLE),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, real(), SAMPLE),
    ("R2Score", {"num_regressors": 2}, real(), SAMPLE),
    ("PearsonCorrelation", {}, real(), SAMPLE),
    ("PearsonCorrelation", {"axis": 0}, real((6, 2)), None),
    ("ConcordanceCorrelation", {}, real(), SAMPLE),
    ("BinaryCrossentropy", {}, binary((5, 3)), SAMPLE),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, logits((5, 3)), SAMPLE),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, one_hot, SAMPLE),
    ("SparseCategoricalCrossentropy", {}, sparse(), SAMPLE),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, sparse_column, SAMPLE),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, sparse(), SAMPLE),
    ("KLDivergence", {}, one_hot, SAMPLE),
    ("Poisson", {}, positive, SAMPLE),
    ("Hinge", {}, hinge_labels, SAMPLE),
    ("SquaredHinge", {}, hinge_labels, SAMPLE),
    ("CategoricalHinge", {}, one_hot, SAMPLE),
    ("Accuracy", {}, classes, SAMPLE),
    ("Accuracy", {}, pictures, SAMPLE),
    ("BinaryAccuracy", {}, binary(), SAMPLE),
    ("BinaryAccuracy", {"threshold": 0.3}, binary((6, 2)), ELEMENT),
    ("BinaryAccuracy", {}, rounded(), SAMPLE),
    ("CategoricalAccuracy", {}, one_hot, SAMPLE),
    ("SparseCategoricalAccuracy", {}, sparse(), SAMPLE),
    ("SparseCategoricalAccuracy", {}, sparse_column, SAMPLE),
    ("SparseCategoricalAccuracy", {}, sparse((3, 5)), SAMPLE),
    ("SparseCategoricalAccuracy", {}, ties, SAMPLE),
    ("TopKCategoricalAccuracy", {"k": 2}, one_hot, SAMPLE),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, sparse(), SAMPLE),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, sparse((3, 5)), SAMPLE),
    ("SparseTopKCategoricalAccuracy", {"k": 1}, ties, SAMPLE),
    ("SparseTopKCategoricalAccuracy", {"k": 9}, sparse(), SAMPLE),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, sorted_ids, SAMPLE),
    *[
        (name, arguments, data, weight)
        for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall")
        for arguments, data, weight in (
            ({}, binary(), SAMPLE),
            ({"thresholds": 0.3}, rounded(), SAMPLE),
            ({"thresholds": [0.8, 0.2]}, binary((4, 3)), SAMPLE),
            ({"thresholds": [i / 10 for i in range(11)]}, rounded(), SAMPLE),
            ({"thresholds": [0.9, *(i / 10 for i in range(9))]}, rounded((3, 4)), ELEMENT),
        )
    ],
    ("Precision", {"top_k": 2}, multi_label, SAMPLE),
    ("Precision", {"top_k": 2, "thresholds": 0.5}, multi_label, SAMPLE),
    ("Precision", {"class_id": 1}, multi_label, SAMPLE),
    ("Recall", {"top_k": 1, "class_id": 2}, multi_label, SAMPLE),
    *[
        ("AUC", {"curve": curve, "summation_method": method, **arguments}, data, weight)
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
        for arguments, data, weight in (
            ({"num_thresholds": 3}, binary(), SAMPLE),
            ({}, binary((30,)), SAMPLE),
            ({"num_thresholds": 11}, rounded((30,)), SAMPLE),
            ({"multi_label": True, "num_labels": 3}, multi_label, SAMPLE),
            ({"multi_label": True, "label_weights": [1.0, 2.0, 0.5]}, multi_label, SAMPLE),
        )
    ],
    ("AUC", {"thresholds": [0.2, 0.5, 0.7]}, binary(), SAMPLE),
    ("AUC", {"from_logits": True}, logits((20,)), SAMPLE),
    ("AUC", {"label_weights": [1.0, 2.0, 0.5]}, multi_label, SAMPLE),
    *[
        (name, {argument: value, **arguments}, data, SAMPLE)
        for name, argument in (
            ("SensitivityAtSpecificity", "specificity"),
            ("SpecificityAtSensitivity", "sensitivity"),
            ("PrecisionAtRecall", "recall"),
            ("RecallAtPrecision", "precision"),
        )
        for value in (0.3, 0.5, 0.9)
        for arguments, data in (({}, binary((30,))), ({"num_thresholds": 1}, binary()), ({"class_id": 1}, multi_label))
    ],
    *[
        (name, {"average": average, "threshold": threshold, **arguments}, multi_label, SAMPLE)
        for name, arguments in (("F1Score", {}), ("FBetaScore", {"beta": 2.0}))
        for average in (None, "micro", "macro", "weighted")
        for threshold in (None, 0.5)
    ],
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2], "dtype": "float32"}, classes, SAMPLE),
    ("IoU", {"num_classes": 3, "target_class_ids": [1]}, pictures, None),
    ("MeanIoU", {"num_classes": 3, "dtype": "float32"}, pictures, ELEMENT),
    ("MeanIoU", {"num_classes": 4}, classes, None),
    ("MeanIoU", {"num_classes": 3, "ignore_class": -1}, ignoring, None),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 2}, classes, None),
    ("BinaryIoU", {"threshold": 0.3, "dtype": "float32"}, binary(), SAMPLE),
    ("BinaryIoU", {"target_class_ids": [1]}, rounded(), None),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2]}, one_hot_pictures, None),
    (
        "OneHotIoU",
        {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": True},
        lambda: (np.eye(3)[classes()[0]], classes()[1]),
        None,
    ),
    ("OneHotMeanIoU", {"num_classes": 3, "dtype": "float32"}, one_hot_pictures, ELEMENT),
]
IDS = [
    f"{i}-{name}-{','.join(f'{k}={v}' for k, v in arguments.items())}"
    for i, (name, arguments, _, _) in enumerate(CASES)
]


def host(value):
    return np.asarray(ops.convert_to_numpy(value), dtype="float64")


def narrow(value):
    value = np.asarray(value)
    return value.astype("float32") if value.dtype.kind == "f" else value


def weight_for(data, kind):
    shape = (
        data[0].shape[:1]
        if kind is SAMPLE
        else data[0].shape[:2]
        if data[0].ndim == 3 and data[1].ndim == 3 and data[0].shape[-1] == 3 and data[0].dtype.kind == "f"
        else data[0].shape
    )
    return rng.integers(0, 4, shape).astype("float32")


def feed(metric, batches):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the oracle divides by zero
        for batch in batches:
            metric.update_state(*batch)
        return metric.result()


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "arguments", "make", "weight"), CASES, ids=IDS)
def test_results_are_those_of_keras(engine, name, arguments, make, weight, weighted):
    # Keras counts ignored labels as 0 in a mean without weights only: there it is no oracle.
    weighted = (weighted or "ignore_class" in arguments) and weight is not None
    global rng
    rng = np.random.default_rng(17)
    batches = []
    for _ in range(3):
        data = tuple(narrow(part) for part in make())
        batches.append((*data, weight_for(data, weight)) if weighted else data)
    ours = feed(getattr(metrics, name)(**arguments), batches)
    theirs = np.asarray(feed(getattr(oracle.metrics, name)(**arguments), batches))
    assert ours.shape == theirs.shape
    assert dispatch.dtype_of(ours) == "float32"
    np.testing.assert_allclose(host(ours), theirs, rtol=3e-5, atol=2e-6)


MEANS = [
    ((6,), None), ((6,), (6,)), ((6, 2), (6,)), ((6, 2), (6, 1)), ((6, 2), (6, 2)), ((6, 2, 3), (6, 2)),
    ((6, 2, 3), (6,)), ((6, 2, 3), (6, 1, 3)), ((6, 2), (1, 2)),
    ((), None), ((), ()), ((6, 2), ()), ((6,), (6, 1)), ((6, 2), None),
]  # fmt: skip


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(("shape", "weight_shape"), MEANS)
def test_mean_and_sum_are_those_of_keras(engine, name, shape, weight_shape):
    generator = np.random.default_rng(2)
    batches = [
        (
            generator.normal(size=shape).astype("float32"),
            None if weight_shape is None else generator.uniform(0, 2, weight_shape).astype("float32"),
        )
        for _ in range(2)
    ]
    ours, theirs = getattr(metrics, name)(), getattr(oracle.metrics, name)()
    np.testing.assert_allclose(host(feed(ours, batches)), np.asarray(feed(theirs, batches)), rtol=1e-5)
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), np.asarray(other.value), rtol=1e-5)


NEEDED = {
    "IoU": (3, [0, 1]), "MeanIoU": (3,), "OneHotIoU": (3, [0]), "OneHotMeanIoU": (3,),
    "SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,),
    "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,),
}  # fmt: skip
CLASSES = [name for name in metrics.__all__ if inspect.isclass(getattr(metrics, name))]
FUNCTIONS = [name for name in metrics.__all__ if name.islower() and name not in ("get", "serialize", "deserialize")]


def parameters(function):
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]


def test_all_metrics_of_keras_are_there():
    public = {
        name for name in dir(oracle.metrics) if not name.startswith("_") and callable(getattr(oracle.metrics, name))
    }
    assert public - set(metrics.__all__) == set()


@pytest.mark.parametrize("name", CLASSES + FUNCTIONS)
def test_signatures_are_those_of_keras(name):
    assert parameters(getattr(metrics, name)) == parameters(getattr(oracle.metrics, name))


@pytest.mark.parametrize("name", [name for name in CLASSES if name not in ("MeanMetricWrapper", "Metric")])
def test_names_dtypes_variables_and_configs_are_those_of_keras(engine, name):
    ours, theirs = (getattr(module, name)(*NEEDED.get(name, ())) for module in (metrics, oracle.metrics))
    own, other = ours.get_config(), theirs.get_config()
    base = own.pop("name").rstrip("0123456789").rstrip("_"), other.pop("name").rstrip("0123456789").rstrip("_")
    assert base[0] == base[1]
    assert {key: own.get(key) for key in other} == other
    assert [(v.name, tuple(v.shape), v.dtype) for v in ours.variables] == [
        (v.name, tuple(v.shape), v.dtype) for v in theirs.variables
    ]

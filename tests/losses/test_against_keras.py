"""Every loss beside Keras 3, on every engine: values, dtypes, weights, masks and reductions."""

import inspect
import warnings

import keras as oracle  # KERAS_BACKEND is set in conftest
import numpy as np
import pytest

from kerasfront import losses, ops
from kerasfront.backend import dispatch, masks

rng = np.random.default_rng(5)
REAL = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
SEQUENCE = rng.normal(size=(6, 3, 4)), rng.normal(size=(6, 3, 4))
POSITIVE = rng.uniform(0.1, 3, (6, 4)), rng.uniform(0.1, 3, (6, 4))
BINARY = rng.integers(0, 2, (6, 4)), rng.uniform(0.02, 0.98, (6, 4))
BINARY_LOGITS = rng.integers(0, 2, (6, 4)), rng.normal(size=(6, 4)) * 3
INDICES = rng.integers(0, 4, (6,))
ONE_HOT = np.eye(4)[INDICES], rng.uniform(0.05, 1, (6, 4))
ONE_HOT_LOGITS = ONE_HOT[0], rng.normal(size=(6, 4)) * 3
SPARSE = INDICES, ONE_HOT[1]
SPARSE_LOGITS = INDICES, ONE_HOT_LOGITS[1]
SPARSE_SEQUENCE = rng.integers(0, 4, (6, 3)), rng.uniform(0.05, 1, (6, 3, 4))
ONE_HOT_AXIS_1 = np.moveaxis(np.eye(4)[SPARSE_SEQUENCE[0]], -1, 1), np.moveaxis(SPARSE_SEQUENCE[1], -1, 1)
NORMALIZED = tuple(part / part.sum(-1, keepdims=True) for part in POSITIVE)
EMBEDDINGS = INDICES % 2, REAL[0] / np.linalg.norm(REAL[0], axis=-1, keepdims=True)
IGNORED = np.array([0, 3, -1, 2, -1, 1]), ONE_HOT[1]

CASES = [
    ("MeanSquaredError", {}, REAL),
    ("MeanSquaredError", {}, SEQUENCE),
    ("MeanAbsoluteError", {}, REAL),
    ("MeanAbsolutePercentageError", {}, REAL),
    ("MeanSquaredLogarithmicError", {}, POSITIVE),
    ("MeanSquaredLogarithmicError", {}, REAL),
    ("Huber", {}, REAL),
    ("Huber", {"delta": 0.4}, SEQUENCE),
    ("LogCosh", {}, REAL),
    ("LogCosh", {}, (REAL[0] * 200, REAL[1])),
    ("CosineSimilarity", {}, REAL),
    ("CosineSimilarity", {"axis": 1}, SEQUENCE),
    ("BinaryCrossentropy", {}, BINARY),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, BINARY),
    ("BinaryCrossentropy", {"from_logits": True}, BINARY_LOGITS),
    ("BinaryCrossentropy", {"axis": 0}, BINARY),
    ("CategoricalCrossentropy", {}, ONE_HOT),
    ("CategoricalCrossentropy", {"label_smoothing": 0.3}, ONE_HOT),
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT_LOGITS),
    ("CategoricalCrossentropy", {"axis": 1}, ONE_HOT_AXIS_1),
    ("SparseCategoricalCrossentropy", {}, SPARSE),
    ("SparseCategoricalCrossentropy", {}, (INDICES[:, None], SPARSE[1])),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, SPARSE_LOGITS),
    ("SparseCategoricalCrossentropy", {}, SPARSE_SEQUENCE),
    ("SparseCategoricalCrossentropy", {"ignore_class": -1}, IGNORED),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2, "from_logits": True}, SPARSE_LOGITS),
    ("BinaryFocalCrossentropy", {}, BINARY),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5}, BINARY),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, BINARY_LOGITS),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "alpha": 0.6, "gamma": 1.0}, ONE_HOT_LOGITS),
    ("CategoricalFocalCrossentropy", {"label_smoothing": 0.2, "alpha": [0.1, 0.2, 0.3, 0.4]}, ONE_HOT),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, SPARSE),
    ("Circle", {}, EMBEDDINGS),
    ("Circle", {"gamma": 20.0, "margin": 0.2, "remove_diagonal": False}, (EMBEDDINGS[0][:, None], EMBEDDINGS[1])),
    ("KLDivergence", {}, NORMALIZED),
    ("KLDivergence", {}, (NORMALIZED[0] * [[0, 1, 1, 1]], NORMALIZED[1])),
    ("Poisson", {}, POSITIVE),
    ("Hinge", {}, BINARY_LOGITS),
    ("Hinge", {}, (np.sign(REAL[0]), REAL[1])),
    ("SquaredHinge", {}, BINARY_LOGITS),
    ("CategoricalHinge", {}, ONE_HOT_LOGITS),
    ("Dice", {}, BINARY),
    ("Dice", {"axis": 1}, BINARY),
    ("Dice", {"axis": [1, 2]}, (BINARY[0].reshape(6, 2, 2), BINARY[1].reshape(6, 2, 2))),
    ("Tversky", {"alpha": 0.2, "beta": 0.7}, BINARY),
    ("Tversky", {"axis": (1,)}, BINARY),
]
IDS = [
    f"{name}-{','.join(f'{k}={v}' for k, v in arguments.items())}-{i}" for i, (name, arguments, _) in enumerate(CASES)
]


def host(value):
    return np.asarray(ops.convert_to_numpy(value), dtype="float64")


def of_keras(name, arguments, *data, **weights):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the oracle divides by zero
        return np.asarray(getattr(oracle.losses, name)(**arguments)(*data, **weights))


def as_float32(data):
    return tuple(part.astype("float32") if part.dtype.kind == "f" else part for part in map(np.asarray, data))


@pytest.mark.parametrize(("name", "arguments", "data"), CASES, ids=IDS)
@pytest.mark.parametrize("reduction", ["none", "sum_over_batch_size", "sum"])
def test_values_are_those_of_keras(engine, name, arguments, data, reduction):
    data = as_float32(data)
    ours = getattr(losses, name)(reduction=reduction, **arguments)(*data)
    theirs = of_keras(name, {"reduction": reduction, **arguments}, *data)
    assert dispatch.dtype_of(ours) == "float32"
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(host(ours), theirs, rtol=2e-5, atol=2e-6)


ELEMENTWISE = ["MeanSquaredError", "Huber", "BinaryCrossentropy"]
VALUES = BINARY[0].reshape(6, 4, 1).repeat(3, 2).astype("float32"), rng.uniform(0.1, 0.9, (6, 4, 3)).astype("float32")
WEIGHTS = [
    rng.uniform(0, 2, (6, 1)), rng.uniform(0, 2, (6, 4)), rng.uniform(0, 2, (6, 4, 1)),
    np.float64(0.3), rng.integers(0, 3, (6, 4)),
]  # fmt: skip


@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("weight", WEIGHTS, ids=lambda w: str(w.shape))
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_weights_are_those_of_keras(engine, name, weight, reduction):
    ours = getattr(losses, name)(reduction=reduction)(*VALUES, sample_weight=weight)
    theirs = of_keras(name, {"reduction": reduction}, *VALUES, sample_weight=weight)
    np.testing.assert_allclose(host(ours), theirs, rtol=1e-5, atol=1e-6)


def test_one_weight_for_each_sample_multiplies_all_values_of_the_sample(engine):
    weight = np.arange(4.0)
    square = np.ones((4, 4, 2), "float32"), np.zeros((4, 4, 2), "float32")
    values = losses.MeanSquaredError(reduction="none")(*square, sample_weight=weight)
    np.testing.assert_array_equal(host(values), np.repeat(weight[:, None], 4, 1))


@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("weight", [None, rng.uniform(0, 2, (6, 4))], ids=["plain", "weighted"])
@pytest.mark.parametrize("mask_shape", [(6, 4), (6,)])
def test_masked_values_count_neither_in_sum_nor_in_mean(engine, reduction, weight, mask_shape):
    y_true, y_pred = VALUES
    mask = np.random.default_rng(0).integers(0, 2, mask_shape).astype(bool)
    values = np.mean((y_true - y_pred).astype("float64") ** 2, -1)
    full = np.broadcast_to(mask.reshape(mask_shape + (1,) * (2 - mask.ndim)), values.shape)
    factor = full * (1.0 if weight is None else weight)
    expected = {
        "none": None,
        "sum": (values * factor).sum(),
        "mean": (values * factor).sum() / full.sum(),
        "sum_over_batch_size": (values * factor).sum() / full.sum(),
        "mean_with_sample_weight": (values * factor).sum() / factor.sum(),
    }[reduction]
    if reduction == "mean_with_sample_weight" and mask_shape == (6,) and weight is None:
        expected = (values * factor).sum() / mask.sum()  # the sum of the weights as they are, before they are spread
    with masks.mask_scope():
        tensor = ops.convert_to_tensor(y_pred)
        masks.set_mask(tensor, ops.convert_to_tensor(mask))
        ours = host(losses.MeanSquaredError(reduction=reduction)(y_true, tensor, sample_weight=weight))
    if reduction == "none":
        np.testing.assert_allclose(ours, values * factor, rtol=1e-5)
    else:
        np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_a_loss_without_any_valid_value_is_zero(engine):
    with masks.mask_scope():
        tensor = ops.convert_to_tensor(np.ones((3, 2), "float32"))
        masks.set_mask(tensor, ops.convert_to_tensor(np.zeros(3, bool)))
        assert host(losses.MeanSquaredError()(np.zeros((3, 2), "float32"), tensor)) == 0


@pytest.mark.parametrize(
    ("name", "arguments", "data"), [CASES[0], CASES[12], CASES[16], CASES[20]], ids=lambda v: str(v)[:30]
)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_a_loss_computes_in_its_dtype(engine, name, arguments, data, dtype):
    loss = getattr(losses, name)(dtype=dtype, **arguments)
    value = loss(*data)
    assert loss.dtype == dtype
    assert dispatch.dtype_of(value) == dtype
    reference = float(of_keras(name, arguments, *as_float32(data)))
    assert float(host(value)) == pytest.approx(
        reference, rel={"float16": 1e-2, "bfloat16": 6e-2, "float32": 1e-5}[dtype]
    )


CLASSES = [name for name in losses.__all__ if inspect.isclass(getattr(losses, name)) and hasattr(oracle.losses, name)]
FUNCTIONS = [
    name for name in losses.__all__ if inspect.isfunction(getattr(losses, name)) and hasattr(oracle.losses, name)
]


def parameters(function):
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", CLASSES + FUNCTIONS)
def test_signatures_are_those_of_keras(name):
    assert parameters(getattr(losses, name)) == parameters(getattr(oracle.losses, name))


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_op_signatures_are_those_of_keras(name):
    assert parameters(getattr(ops, name)) == parameters(getattr(oracle.ops, name))


@pytest.mark.parametrize("pair", [((4,), (4, 1)), ((4, 1), (4,)), ((4, 3), (4, 3, 1)), ((4, 3, 1), (4, 3))])
def test_a_missing_last_axis_of_size_one_is_added(engine, pair):
    generator = np.random.default_rng(1)
    y_true, y_pred = (generator.uniform(0.1, 0.9, shape).astype("float32") for shape in pair)
    ours = losses.mean_squared_error(y_true, y_pred)
    theirs = np.asarray(oracle.losses.mean_squared_error(y_true, y_pred))
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(host(ours), theirs, rtol=1e-6)
    np.testing.assert_allclose(
        host(losses.BinaryCrossentropy()(y_true, y_pred)),
        np.asarray(oracle.losses.BinaryCrossentropy()(y_true, y_pred)),
        rtol=1e-5,
    )

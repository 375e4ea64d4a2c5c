"""What losses promise beyond the values of Keras: errors, NaN, gradients, configs, and compiled functions."""

import numpy as np
import pytest

import kerasfront
import kerasfront.errors
from kerasfront import losses, ops
from kerasfront.backend import dispatch
from kerasfront.backend.symbolic import KerasTensor

rng = np.random.default_rng(3)


def host(value):
    return np.asarray(ops.convert_to_numpy(value), dtype="float64")


def zeros(*shape):
    return np.zeros(shape, "float32")


MISFITS = [
    ("mean_squared_error", (5, 3), (4, 3), r"Expected y_true of the shape of y_pred, \(4, 3\); got y_true \(5, 3\)"),
    ("mean_squared_error", (4, 1), (4, 3), r"got y_true \(4, 1\).*units of the model's last layer"),
    ("mean_absolute_error", (4,), (4, 3), "the labels do not fit the predictions"),
    ("huber", (3,), (4, 3), "Pass as many labels as predictions"),
    ("binary_crossentropy", (4, 2), (4, 1), "binary_crossentropy: the labels do not fit"),
    (
        "categorical_crossentropy",
        (4,),
        (4, 10),
        r"Expected y_true of shape \(batch, 10\).*sparse_categorical_crossentropy",
    ),
    ("categorical_crossentropy", (4, 1), (4, 10), "Use sparse_categorical_crossentropy for integer labels"),
    ("categorical_crossentropy", (4, 9), (4, 10), r"got y_true \(4, 9\) for y_pred \(4, 10\)"),
    ("categorical_focal_crossentropy", (4, 9), (4, 10), "one-hot labels of the shape of the predictions"),
    ("sparse_categorical_crossentropy", (4, 10), (4, 10), "For one-hot labels use categorical_crossentropy"),
    ("sparse_categorical_crossentropy", (5,), (4, 10), "Pass one class index for each prediction"),
    ("kl_divergence", (4, 2), (4, 3), "kl_divergence: the labels do not fit"),
    ("cosine_similarity", (4, 2), (4, 3), "cosine_similarity: the labels do not fit"),
    ("hinge", (2, 3), (4, 3), "hinge: the labels do not fit"),
    ("dice", (2, 3), (4, 3), "dice: the labels do not fit"),
    ("circle", (3,), (4, 3), r"circle: labels and embeddings do not fit.*got \(3,\), \(4, 3\)"),
]


@pytest.mark.parametrize(("name", "true_shape", "pred_shape", "message"), MISFITS)
def test_labels_of_another_shape_are_refused(engine, name, true_shape, pred_shape, message):
    with pytest.raises(ValueError, match=message):
        getattr(losses, name)(zeros(*true_shape), zeros(*pred_shape))


@pytest.mark.parametrize(("name", "true_shape", "pred_shape", "message"), MISFITS)
def test_labels_of_another_shape_are_refused_on_symbolic_tensors(name, true_shape, pred_shape, message):
    with pytest.raises(ValueError, match=message):
        getattr(losses, name)(KerasTensor(true_shape), KerasTensor(pred_shape))


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_the_ops_refuse_unequal_shapes(engine, name):
    with pytest.raises(ValueError, match=rf"{name}: target and output do not fit.*\(4, 1\).*\(4, 3\)"):
        getattr(ops, name)(zeros(4, 1), zeros(4, 3))
    with pytest.raises(ValueError, match=f"{name}: target and output do not fit"):
        getattr(ops, name)(KerasTensor((None, 2)), KerasTensor((None, 3)))


@pytest.mark.parametrize("labels", [[0, 3], [-1, 1], [0.5, 1.0], np.array([0, 200], "uint8")], ids=str)
@pytest.mark.parametrize(
    "call", [losses.sparse_categorical_crossentropy, ops.sparse_categorical_crossentropy], ids=["loss", "op"]
)
def test_a_known_label_that_names_no_class_is_refused(engine, labels, call):
    with pytest.raises(
        ValueError,
        match=r"sparse_categorical_crossentropy: label (3|-1|0.5|200)\S* names no class. Expected integers from 0 to 2",
    ):
        call(np.asarray(labels), np.full((2, 3), 1 / 3, "float32"))


def test_an_ignored_label_may_lie_outside_the_classes_but_no_other(engine):
    probabilities = np.full((3, 3), 1 / 3, "float32")
    values = host(losses.sparse_categorical_crossentropy(np.array([0, 255, 2]), probabilities, ignore_class=255))
    np.testing.assert_allclose(values, [np.log(3), 0, np.log(3)], rtol=1e-6)
    with pytest.raises(ValueError, match="label 7 names no class"):
        losses.sparse_categorical_crossentropy(np.array([0, 255, 7]), probabilities, ignore_class=255)


def test_a_traced_label_that_names_no_class_gives_nan_for_its_row(engine):
    compiled = kerasfront.function(
        lambda labels, scores: losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
    )
    labels, scores = ops.convert_to_tensor(np.array([0, 3, -1, 2])), ops.convert_to_tensor(zeros(4, 3))
    traced = []

    def look(labels, scores):
        traced.append(not dispatch.is_concrete(labels))
        return labels

    kerasfront.function(look)(labels, scores)
    if traced[0]:
        np.testing.assert_allclose(host(compiled(labels, scores)), [np.log(3), np.nan, np.nan, np.log(3)], rtol=1e-6)
    else:
        with pytest.raises(ValueError, match="label 3 names no class"):
            compiled(labels, scores)


NAN_CASES = [
    ("binary_crossentropy", [[0.0], [1.0]], {}),
    ("binary_crossentropy", [[0.0], [1.0]], {"from_logits": True}),
    ("categorical_crossentropy", np.eye(2), {}),
    ("categorical_crossentropy", np.eye(2), {"from_logits": True}),
    ("sparse_categorical_crossentropy", [0, 1], {}),
    ("sparse_categorical_crossentropy", [0, 1], {"from_logits": True}),
    ("kl_divergence", np.eye(2), {}),
    ("hinge", np.eye(2), {}),
    ("huber", np.eye(2), {}),
    ("mean_squared_logarithmic_error", np.eye(2), {}),
]


@pytest.mark.parametrize(("name", "labels", "arguments"), NAN_CASES)
def test_nan_goes_through(engine, name, labels, arguments):
    labels = np.asarray(labels)
    width = labels.shape[-1] if labels.ndim == 2 else 2
    predictions = np.full((2, width), 0.5, "float32")
    predictions[1] = np.nan
    values = host(getattr(losses, name)(labels, predictions, **arguments))
    assert np.isfinite(values[0])
    assert np.isnan(values[1])


def test_extreme_logits_lose_nothing(engine):
    values = host(
        losses.binary_crossentropy(
            [[1.0], [0.0], [1.0], [0.0]], np.array([[-100.0], [100.0], [20.0], [-20.0]], "float32"), from_logits=True
        )
    )
    np.testing.assert_allclose(values, [100, 100, np.log1p(np.exp(-20.0)), np.log1p(np.exp(-20.0))], rtol=1e-6)
    scores = np.array([[1000.0, 0.0], [0.0, 1000.0]], "float32")
    np.testing.assert_allclose(
        host(losses.sparse_categorical_crossentropy([0, 0], scores, from_logits=True)), [0, 1000]
    )
    np.testing.assert_allclose(
        host(losses.categorical_crossentropy([[1, 0], [1, 0]], scores, from_logits=True)), [0, 1000]
    )


def test_probabilities_are_normalized_and_clipped(engine):
    values = host(losses.categorical_crossentropy(np.eye(2), np.array([[2.0, 6.0], [1.0, 0.0]], "float32")))
    np.testing.assert_allclose(values, [np.log(4), -np.log(1e-7)], rtol=1e-6)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


SCORES = rng.normal(size=(4, 3))
HOT = np.eye(3)[[0, 2, 1, 1]]
BITS = rng.integers(0, 2, (4, 3)).astype("float64")
GRADIENTS = {
    "categorical_crossentropy": (HOT, {"from_logits": True}, (softmax(SCORES) - HOT) / 4),
    "sparse_categorical_crossentropy": (HOT.argmax(-1), {"from_logits": True}, (softmax(SCORES) - HOT) / 4),
    "binary_crossentropy": (BITS, {"from_logits": True}, (1 / (1 + np.exp(-SCORES)) - BITS) / 12),
    "mean_squared_error": (HOT, {}, 2 * (SCORES - HOT) / 12),
    "mean_absolute_error": (HOT, {}, np.sign(SCORES - HOT) / 12),
    "log_cosh": (HOT, {}, np.tanh(SCORES - HOT) / 12),
    "huber": (HOT, {"delta": 0.5}, np.clip(SCORES - HOT, -0.5, 0.5) / 12),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_are_those_in_closed_form(engine, name):
    labels, arguments, expected = GRADIENTS[name]
    weights = kerasfront.Variable(SCORES.astype("float32"))
    fn = getattr(losses, name)
    _, (gradient,) = kerasfront.value_and_grad(lambda: ops.mean(fn(labels, weights.value, **arguments)), [weights])
    np.testing.assert_allclose(host(gradient), expected, rtol=1e-5, atol=1e-7)


ON_ZEROS = [
    "cosine_similarity",
    "huber",
    "mean_absolute_error",
    "hinge",
    "log_cosh",
    "dice",
    "kl_divergence",
    "categorical_hinge",
]


@pytest.mark.parametrize("name", ON_ZEROS)
def test_gradients_at_zero_are_finite(engine, name):
    weights = kerasfront.Variable(zeros(2, 3))
    fn = getattr(losses, name)
    _, (gradient,) = kerasfront.value_and_grad(lambda: ops.mean(fn(zeros(2, 3), weights.value)), [weights])
    assert np.isfinite(host(gradient)).all()


@pytest.mark.parametrize("name", ["categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"])
@pytest.mark.parametrize("from_logits", [False, True])
def test_a_fused_kernel_gives_what_the_body_gives(engine, name, from_logits):
    op = getattr(ops, name).op
    labels = {
        "categorical_crossentropy": HOT,
        "sparse_categorical_crossentropy": HOT.argmax(-1),
        "binary_crossentropy": BITS,
    }[name]
    labels = ops.convert_to_tensor(labels, dtype=None if labels.ndim == 1 else "float32")
    scores = (SCORES if from_logits else softmax(SCORES)).astype("float32")
    arguments = {"from_logits": from_logits} | ({} if name == "binary_crossentropy" else {"axis": 1})

    def run(implementation):
        weights = kerasfront.Variable(scores)
        return kerasfront.value_and_grad(
            lambda: ops.sum(implementation(labels, weights.value, **arguments) * 1.5), [weights]
        )

    results = run(getattr(ops, name)), run(op.body)
    np.testing.assert_allclose(float(results[0][0]), float(results[1][0]), rtol=1e-6)
    np.testing.assert_allclose(host(results[0][1][0]), host(results[1][1][0]), rtol=1e-5, atol=1e-6)


def test_a_subclass_needs_only_call_and_may_take_structures(engine):
    class Distance(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.abs(y_true["a"] - y_pred["a"]) + ops.abs(y_true["b"] - y_pred["b"]), axis=-1)

    loss = Distance()
    assert (loss.name, loss.reduction, loss.dtype) == ("distance", "sum_over_batch_size", "float32")
    value = loss({"a": zeros(2, 3), "b": zeros(2, 3)}, {"a": zeros(2, 3) + 1, "b": zeros(2, 3) - 2})
    assert float(value) == 3.0
    with pytest.raises(NotImplementedError, match="needs a method call"):
        losses.Loss()(zeros(2), zeros(2))


def test_nested_lists_of_numbers_are_arrays(engine):
    assert float(losses.MeanSquaredError()([[0.0, 1.0], [0, 0]], [[1.0, 1.0], [1.0, 0]])) == 0.5
    assert float(
        losses.SparseCategoricalCrossentropy(from_logits=True)([0, 1], [[0.0, 0.0], [0.0, 0.0]])
    ) == pytest.approx(np.log(2))


def test_class_indices_keep_their_dtype_in_a_narrow_loss(engine):
    scores = np.zeros((1, 4000), "float32")
    scores[0, 2049] = 20
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float16")
    assert float(loss(np.array([2049]), scores)) < 0.01


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.MeanSquaredError(reduction="avg"), "reduction: unknown name 'avg'"),
        (lambda: losses.MeanSquaredError(reduction="men"), "Did you mean 'mean'"),
        (lambda: losses.CategoricalCrossentropy(label_smoothing=1.5), "label_smoothing is out of range.*1.5"),
        (lambda: losses.Huber(delta=-1.0), "delta is out of range"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=2.0), "q is out of range"),
        (lambda: losses.get("mean_squared_eror"), "loss.*mean_squared_eror.*Did you mean 'mean_squared_error'"),
        (lambda: losses.get("categorical_cross_entropy"), "Did you mean 'categorical_crossentropy'"),
        (lambda: losses.Loss(dtype="float31"), "dtype"),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("shape", [(3,), (4, 2), (2, 4, 3)])
def test_weights_that_fit_no_leading_axes_are_refused(engine, shape):
    with pytest.raises(ValueError, match="weights do not fit the values"):
        losses.MeanSquaredError()(zeros(4, 3, 2), zeros(4, 3, 2), sample_weight=np.ones(shape, "float32"))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in losses.__all__
        if isinstance(getattr(losses, name), type) and name not in ("Loss", "LossFunctionWrapper")
    ],
)
def test_config_round_trip(name):
    cls = getattr(losses, name)
    loss = cls(name="mine", reduction="sum", dtype="float64")
    config = loss.get_config()
    assert config["name"] == "mine"
    assert config["reduction"] == "sum"
    assert cls.from_config(config).get_config() == config
    data = losses.serialize(loss)
    assert (data["module"], data["class_name"]) == ("keras.losses", name)
    again = losses.deserialize(data)
    assert type(again) is cls
    assert again.get_config() == config


def test_settings_survive_a_config():
    assert losses.Huber.from_config(losses.Huber(delta=0.3).get_config())._fn_kwargs == {"delta": 0.3}
    assert losses.CosineSimilarity.from_config(losses.CosineSimilarity(axis=1).get_config())._fn_kwargs == {"axis": 1}


@pytest.mark.parametrize("name", ["mse", "MSE", "mean_squared_error"])
def test_get_gives_functions_for_their_names(name):
    assert losses.get(name) is losses.mean_squared_error


def test_get_takes_classes_objects_configs_and_none():
    loss = losses.Huber(delta=2.0)
    assert losses.get(loss) is loss
    assert losses.get(None) is None
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert isinstance(losses.get("Huber"), losses.Huber)
    assert losses.get(losses.serialize(loss)).get_config() == loss.get_config()
    assert losses.get(len) is len


SYMBOLIC = [
    (losses.MeanSquaredError(), (None, 3), (None, 3), "float32"),
    (losses.CategoricalCrossentropy(), (None, 3), (None, 3), "float32"),
    (losses.SparseCategoricalCrossentropy(), (None,), (None, 3), "int32"),
    (losses.SparseCategoricalCrossentropy(ignore_class=0), (None, 1), (None, 3), "int64"),
    (losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), (None,), (None, 1), "int32"),
    (losses.CategoricalCrossentropy(label_smoothing=0.1), (None, 3), (None, 3), "float32"),
    (losses.CosineSimilarity(), (None, 3), (None, 3), "float32"),
    (losses.CategoricalHinge(), (None, 3), (None, 3), "float32"),
    (losses.Dice(), (None, 3), (None, 3), "float32"),
]


@pytest.mark.parametrize(("loss", "true", "pred", "dtype"), SYMBOLIC, ids=lambda v: getattr(v, "name", None))
def test_losses_infer_shapes_without_an_engine(loss, true, pred, dtype):
    value = loss(
        KerasTensor(true, dtype), KerasTensor(pred), sample_weight=KerasTensor((None,)) if loss.name != "dice" else None
    )
    assert (value.shape, value.dtype) == ((), "float32")


@pytest.mark.parametrize(
    "name",
    ["CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy", "MeanSquaredError", "Huber"],
)
def test_a_compiled_loss_equals_the_eager_one(engine, name):
    loss = getattr(losses, name)()
    labels = HOT.argmax(-1) if name.startswith("Sparse") else HOT.astype("float32")
    predictions = softmax(SCORES).astype("float32")
    weight = np.array([1, 2, 0, 1], "float32")
    tensors = [ops.convert_to_tensor(value) for value in (labels, predictions, weight)]
    compiled = kerasfront.function(lambda y, p, w: loss(y, p, sample_weight=w))
    assert float(compiled(*tensors)) == pytest.approx(float(loss(*tensors)), rel=1e-6)


def test_float64_is_float64_or_a_clear_error(engine):
    loss = losses.CategoricalCrossentropy(dtype="float64")
    if engine == "jax":
        with pytest.raises(kerasfront.errors.UnsupportedOp, match="JAX_ENABLE_X64"):
            loss(HOT, softmax(SCORES))
        return
    expected = -(HOT * np.log(softmax(SCORES))).sum(-1).mean()
    assert float(loss(HOT, softmax(SCORES))) == pytest.approx(expected, rel=1e-13)

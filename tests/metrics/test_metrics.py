"""What metrics promise beyond the values of Keras: state, masks, errors, configs, and compiled functions."""

import numpy as np
import pytest

import kerasfront
from kerasfront import metrics, ops
from kerasfront.backend import masks
from kerasfront.backend.symbolic import KerasTensor

NEEDED = {
    "IoU": (3, [0, 1]), "MeanIoU": (3,), "OneHotIoU": (3, [0]), "OneHotMeanIoU": (3,),
    "SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,),
    "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,),
}  # fmt: skip
CLASSES = [
    name
    for name in metrics.__all__
    if isinstance(getattr(metrics, name), type) and name not in ("Metric", "MeanMetricWrapper", "Mean", "Sum")
]
SPARSE = ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy")
rng = np.random.default_rng(8)


@pytest.fixture(autouse=True)
def same_numbers_whatever_ran_before():
    """Begin the numbers anew, so that no test depends on the order of tests."""
    global rng
    rng = np.random.default_rng(8)


def host(value):
    return np.asarray(ops.convert_to_numpy(value), dtype="float64")


def make(class_name, **arguments):
    return getattr(metrics, class_name)(*NEEDED.get(class_name, ()), **arguments)


def data_for(name, size=6):
    scores = rng.uniform(0.05, 0.95, (size, 3)).astype("float32")
    labels = rng.integers(0, 3, size)
    if name in SPARSE:
        return labels, scores
    if name in ("IoU", "MeanIoU"):
        return labels, rng.integers(0, 3, size)
    if name == "BinaryIoU":
        return labels % 2, scores[:, 0]
    return np.eye(3, dtype="float32")[labels], scores


@pytest.mark.parametrize("name", CLASSES)
def test_updates_inside_a_compiled_function_equal_eager_ones(engine, name):
    eager, compiled = make(name), make(name)
    batches = [tuple(map(ops.convert_to_tensor, data_for(name))) for _ in range(3)]

    def step(y_true, y_pred):
        compiled.update_state(y_true, y_pred)
        return compiled.result()

    run = kerasfront.function(step)
    for batch in batches:
        eager.update_state(*batch)
        latest = run(*batch)
    np.testing.assert_allclose(host(latest), host(eager.result()), rtol=1e-5, atol=1e-6)
    for ours, theirs in zip(compiled.variables, eager.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CLASSES)
def test_symbolic_tensors_make_the_state_and_count_nothing(engine, name):
    metric = make(name)
    y_true, y_pred = data_for(name)
    metric.update_state(*(KerasTensor((None, *value.shape[1:]), str(value.dtype)) for value in (y_true, y_pred)))
    before = len(metric.variables)
    assert all((variable.numpy() == 0).all() for variable in metric.variables)
    metric.update_state(y_true, y_pred)
    assert len(metric.variables) == before


@pytest.mark.parametrize("name", CLASSES)
def test_a_reset_metric_is_as_new(engine, name):
    metric, fresh = make(name), make(name)
    batch = data_for(name)
    metric.update_state(*data_for(name))
    metric.reset_state()
    assert all((variable.numpy() == 0).all() for variable in metric.variables)
    metric.update_state(*batch)
    fresh.update_state(*batch)
    np.testing.assert_array_equal(host(metric.result()), host(fresh.result()))


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "R2Score"])
def test_nothing_counted_gives_zero(engine, name):
    np.testing.assert_array_equal(host(make(name).result()), 0)


@pytest.mark.parametrize("name", CLASSES)
def test_config_round_trip(name):
    metric = make(name, name="mine", dtype="float32")
    config = metric.get_config()
    assert config["name"] == "mine"
    assert type(metric).from_config(config).get_config() == config
    data = metrics.serialize(metric)
    assert (data["module"], data["class_name"]) == ("keras.metrics", name)
    again = metrics.deserialize(data)
    assert type(again) is type(metric)
    assert again.get_config() == config


def test_a_config_with_thresholds_keeps_them():
    metric = metrics.AUC(thresholds=[0.5, 0.2])
    again = metrics.AUC.from_config(metric.get_config())
    assert again.thresholds == metric.thresholds
    assert metrics.Precision(thresholds=np.array([0.2, 0.4])).get_config()["thresholds"] == [0.2, 0.4]


@pytest.mark.parametrize(
    "name",
    [name for name in CLASSES if name not in ("IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "BinaryIoU", "AUC")],
)
def test_a_mask_acts_as_a_weight_of_zero(engine, name):
    y_true, y_pred = data_for(name)
    mask = np.array([1, 0, 1, 1, 0, 1], bool)
    masked, weighted = make(name), make(name)
    with masks.mask_scope():
        tensor = ops.convert_to_tensor(y_pred.copy())
        masks.set_mask(tensor, ops.convert_to_tensor(mask))
        masked.update_state(y_true, tensor)
        weighted.update_state(y_true, y_pred, sample_weight=mask.astype("float32"))
    np.testing.assert_allclose(host(masked.result()), host(weighted.result()), rtol=1e-6)
    unmasked = make(name)
    unmasked.update_state(y_true, y_pred)
    assert not np.allclose(unmasked.variables[-1].numpy(), masked.variables[-1].numpy())


def test_a_mask_of_steps_meets_weights_of_samples(engine):
    values = rng.normal(size=(3, 4, 2)).astype("float32")
    mask = rng.integers(0, 2, (3, 4)).astype(bool)
    weight = np.array([1.0, 2.0, 0.5], "float32")
    metric = metrics.MeanSquaredError()
    with masks.mask_scope():
        tensor = ops.convert_to_tensor(values)
        masks.set_mask(tensor, ops.convert_to_tensor(mask))
        metric.update_state(np.zeros_like(values), tensor, sample_weight=weight)
    factor = mask * weight[:, None]
    expected = ((values.astype("float64") ** 2).mean(-1) * factor).sum() / factor.sum()
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


def test_ignored_labels_count_in_no_mean(engine):
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=-1)
    metric.update_state(np.array([0, -1, 1]), np.array([[0.5, 0.5], [0.9, 0.1], [0.75, 0.25]], "float32"))
    assert float(metric.result()) == pytest.approx((np.log(2) + np.log(4)) / 2, rel=1e-5)


def area_by_ranks(labels, scores):
    """Return the area under the ROC curve as the share of ordered pairs, ties counting half."""
    gaps = scores[labels == 1][:, None] - scores[labels == 0][None]
    return ((gaps > 0) + 0.5 * (gaps == 0)).mean()


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order(engine):
    labels, scores = rng.integers(0, 2, 60), rng.integers(0, 100, 60) / 100 + 0.003
    metric = metrics.AUC(num_thresholds=201)
    for part in range(0, 60, 20):
        metric.update_state(labels[part : part + 20], scores[part : part + 20])
    assert float(metric.result()) == pytest.approx(area_by_ranks(labels, scores), rel=1e-5)


def test_both_ways_of_counting_agree(engine):
    labels, scores = rng.integers(0, 2, 50).astype("float32"), rng.integers(0, 21, 50).astype("float32") / 20
    many = [i / 20 for i in range(21)]
    for pick in range(0, 21, 4):
        for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"):
            few, all_of_them = (getattr(metrics, name)(thresholds=value) for value in (many[pick], many))
            few.update_state(labels, scores)
            all_of_them.update_state(labels, scores)
            assert float(few.result()) == host(all_of_them.result())[pick]


def test_stateless_methods_leave_the_metric_alone(engine):
    metric = metrics.Mean()
    metric.update_state([5.0])
    state = metric.stateless_update_state([0.0, 0.0], [2.0, 4.0])
    assert [float(value) for value in state] == [6.0, 2.0]
    assert float(metric.stateless_result(state)) == 3.0
    assert [float(value) for value in metric.stateless_reset_state()] == [0.0, 0.0]
    assert float(metric.result()) == 5.0
    with pytest.raises(ValueError, match="the state does not fit. Expected 2 values"):
        metric.stateless_result([0.0])


def test_a_metric_of_ones_own(engine):
    class Range(metrics.Metric):
        def __init__(self, name=None, dtype=None):
            super().__init__(dtype=dtype, name=name)
            self.inner = metrics.Mean()
            self.top = self.add_weight(name="top", initializer="ones")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.inner.update_state(y_pred)
            self.top.assign(ops.maximum(self.top, ops.max(y_pred)))

        def result(self):
            return {"mean": self.inner.result(), "top": self.top}

    metric = Range()
    assert metric.name.startswith("range")
    assert [variable.name for variable in metric.variables] == ["top", "total", "count"]
    assert metric.top.numpy() == 1.0
    result = metric([0.0], ops.convert_to_tensor(np.array([1.0, 4.0], "float32")))
    assert float(result["top"]) == 4.0
    assert float(result["mean"]) == 2.5
    for method in ("update_state", "result"):
        with pytest.raises(NotImplementedError, match=method):
            getattr(metrics.Metric(), method)()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_state_and_result_have_the_dtype_of_the_metric(engine, dtype):
    metric = metrics.MeanSquaredError(dtype=dtype)
    metric.update_state(np.zeros((2, 2)), np.ones((2, 2)))
    assert [variable.dtype for variable in metric.variables] == [dtype] * 2
    assert float(metric.result()) == 1.0


def test_half_precision_predictions_are_counted_in_the_dtype_of_the_metric(engine):
    metric = metrics.MeanAbsoluteError()
    metric.update_state(np.zeros((1, 1), "float32"), ops.convert_to_tensor(np.array([[60000.0]]), dtype="float16"))
    metric.update_state(np.zeros((1, 1), "float32"), ops.convert_to_tensor(np.array([[60000.0]]), dtype="float16"))
    assert float(metric.result()) == pytest.approx(60000, rel=1e-3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: metrics.AUC(curve="RO"), "AUC curve: unknown name 'RO'.*Did you mean 'ROC'"),
        (lambda: metrics.AUC(summation_method="major"), "Did you mean 'majoring'"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds is out of range.*got 1"),
        (lambda: metrics.AUC(num_labels=2), "num_labels came without multi_label"),
        (lambda: metrics.Precision(thresholds=[0.2, 1.8]), r"Precision: thresholds are out of range.*1\.8"),
        (lambda: metrics.Precision(thresholds=[None]), r"Precision: thresholds are out of range.*None"),
        (lambda: metrics.FalsePositives(thresholds=["a"]), r"FalsePositives: thresholds are out of range.*a"),
        (lambda: metrics.Precision(top_k=0), "top_k does not fit"),
        (lambda: metrics.Recall(thresholds=-0.1), "Recall: thresholds"),
        (lambda: metrics.RecallAtPrecision(1.8), "RecallAtPrecision: precision is out of range"),
        (lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0), "num_thresholds is out of range"),
        (lambda: metrics.FBetaScore(beta=-1), "FBetaScore: beta is out of range"),
        (lambda: metrics.F1Score(average="mirco"), "Did you mean 'micro'"),
        (lambda: metrics.F1Score(threshold="x"), "F1Score: threshold is out of range"),
        (lambda: metrics.R2Score(class_aggregation="x"), "R2Score class_aggregation: unknown name"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors is out of range"),
        (lambda: metrics.IoU(2, [0, 2]), "target_class_ids does not fit"),
        (lambda: metrics.MeanIoU(0), "num_classes does not fit"),
        (lambda: metrics.BinaryAccuracy(threshold=1.5), "threshold is out of range"),
        (lambda: metrics.TopKCategoricalAccuracy(k=0), "k does not fit"),
        (lambda: metrics.BinaryCrossentropy(label_smoothing=2), "label_smoothing is out of range"),
        (lambda: metrics.get("acuracy"), "metric.*acuracy.*Did you mean 'accuracy'"),
    ],
)
def test_nonsense_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def ones(*shape):
    return np.ones(shape, "float32")


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "weight", "message"),
    [
        (lambda: metrics.Accuracy(), ones(4, 3), ones(4, 2), None, "accuracy: the labels do not fit"),
        (lambda: metrics.BinaryAccuracy(), ones(4), ones(5), None, "binary_accuracy: the labels do not fit"),
        (lambda: metrics.CategoricalAccuracy(), ones(4), ones(4, 3), None, "Use sparse_categorical_accuracy"),
        (
            lambda: metrics.SparseCategoricalAccuracy(),
            ones(4, 3),
            ones(4, 3),
            None,
            "For one-hot labels use categorical_accuracy",
        ),
        (lambda: metrics.Precision(), ones(3), ones(4), None, "precision.*the labels do not fit"),
        (lambda: metrics.AUC(), ones(3), ones(4), None, "auc.*the labels do not fit"),
        (lambda: metrics.AUC(multi_label=True), ones(4), ones(4), None, "do not fit multi_label"),
        (
            lambda: metrics.AUC(multi_label=True, num_labels=2),
            ones(4, 3),
            ones(4, 3),
            None,
            "number of labels does not fit",
        ),
        (lambda: metrics.F1Score(), ones(4), ones(4), None, r"f1_score: the shapes do not fit.*\(batch, classes\)"),
        (lambda: metrics.R2Score(), ones(4), ones(4), None, "r2_score: the shapes do not fit"),
        (lambda: metrics.Precision(class_id=5), ones(4, 3), ones(4, 3), None, "class_id 5 names no class"),
        (lambda: metrics.MeanSquaredError(), ones(4, 3), ones(4, 3), ones(3), "weights do not fit"),
        (lambda: metrics.Mean(), ones(4), None, ones(4, 3), "weights do not fit"),
        (lambda: metrics.MeanSquaredError(), ones(4, 3), ones(4, 3), ones(4, 3), "weights do not fit"),
    ],
)
def test_what_does_not_fit_is_refused(engine, metric, y_true, y_pred, weight, message):
    arguments = (y_true,) if y_pred is None else (y_true, y_pred)
    with pytest.raises(ValueError, match=message):
        metric().update_state(*arguments, **({} if weight is None else {"sample_weight": weight}))


def test_get_takes_names_classes_objects_configs_and_none():
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert isinstance(metrics.get("MeanSquaredError"), metrics.MeanSquaredError)
    assert isinstance(metrics.get("top_k_categorical_accuracy"), metrics.TopKCategoricalAccuracy)
    assert isinstance(metrics.get(metrics.AUC), metrics.AUC)
    metric = metrics.Recall(thresholds=0.3)
    assert metrics.get(metric) is metric
    assert metrics.get(metrics.serialize(metric)).get_config() == metric.get_config()
    assert metrics.get(None) is None
    assert metrics.get(len) is len


def test_a_wrapped_function_survives_a_config():
    metric = metrics.MeanMetricWrapper(metrics.mean_squared_error, name="mine")
    again = metrics.deserialize(metrics.serialize(metric))
    assert again.name == "mine"
    assert again._fn is metrics.mean_squared_error


def test_names_count_up():
    first, second = metrics.AUC(), metrics.AUC()
    assert first.name != second.name
    assert metrics.AUC(name="mine").name == metrics.AUC(name="mine").name == "mine"


def test_metrics_and_variables_in_lists_and_dicts_belong_to_the_state():
    class Composite(metrics.Mean):
        pass

    metric = Composite(name="composite")
    own = len(metric.variables)
    metric.parts = {"first": [metrics.Sum()], "second": metrics.Sum()}
    metric.more = [kerasfront.Variable(1.0), kerasfront.Variable(2.0)]
    assert len(metric.variables) == own + 4


def test_a_variable_may_start_with_an_array(engine):
    metric = metrics.Mean()
    start = metric.add_variable((2,), kerasfront.ops.convert_to_tensor(np.array([1.0, 2.0])), name="start")
    np.testing.assert_array_equal(start.numpy(), [1, 2])


def test_settings_can_be_read_back():
    assert metrics.TopKCategoricalAccuracy(k=3).k == 3
    assert metrics.SensitivityAtSpecificity(0.4).specificity == 0.4
    assert metrics.RecallAtPrecision(0.6).precision == 0.6
    assert tuple(metrics.Precision().false_positives.shape) == (1,)
    assert tuple(metrics.Recall([0.2, 0.5]).false_negatives.shape) == (2,)


def test_labels_outside_the_classes_do_not_count_with_a_warning():
    metric = metrics.MeanIoU(num_classes=2)
    with pytest.warns(UserWarning, match="names no class"):
        metric.update_state([0, 1, 3], [0, 1, 1])
    assert float(metric.result()) == 1.0


def test_fractional_weights_of_whole_counts_warn():
    with pytest.warns(UserWarning, match="Pass dtype='float32'"):
        metrics.MeanIoU(2, dtype="int32").update_state([0, 1], [0, 1], [0.3, 0.5])


def test_a_class_id_needs_classes():
    with pytest.raises(ValueError, match="class_id 1 needs classes in the last axis"):
        metrics.Precision(class_id=1).update_state([0, 1], [0.2, 0.7])

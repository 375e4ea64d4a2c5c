"""Metrics: classes, functions, and `get`, `serialize` and `deserialize`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasfront import registration
from kerasfront.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from kerasfront.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from kerasfront.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from kerasfront.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from kerasfront.metrics.curves import (
    AUC,
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from kerasfront.metrics.f_score import F1Score, FBetaScore
from kerasfront.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from kerasfront.metrics.metric import Metric
from kerasfront.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from kerasfront.metrics.reduction import Mean, MeanMetricWrapper, Sum
from kerasfront.metrics.regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    R2Score,
    RootMeanSquaredError,
)
from kerasfront.naming import to_snake_case

_CLASSES: tuple[type[Metric], ...] = (
    AUC,
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    BinaryIoU,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    ConcordanceCorrelation,
    CosineSimilarity,
    F1Score,
    FBetaScore,
    FalseNegatives,
    FalsePositives,
    Hinge,
    IoU,
    KLDivergence,
    LogCoshError,
    Mean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanIoU,
    MeanMetricWrapper,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Metric,
    OneHotIoU,
    OneHotMeanIoU,
    PearsonCorrelation,
    Poisson,
    Precision,
    PrecisionAtRecall,
    R2Score,
    Recall,
    RecallAtPrecision,
    RootMeanSquaredError,
    SensitivityAtSpecificity,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SpecificityAtSensitivity,
    SquaredHinge,
    Sum,
    TopKCategoricalAccuracy,
    TrueNegatives,
    TruePositives,
)
_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    binary_accuracy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_accuracy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    concordance_correlation,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    pearson_correlation,
    poisson,
    sparse_categorical_accuracy,
    sparse_categorical_crossentropy,
    sparse_top_k_categorical_accuracy,
    squared_hinge,
    top_k_categorical_accuracy,
)
_ALIASES = {
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "MAPE": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
    "MSLE": MeanSquaredLogarithmicError,
    "r2_score": R2Score,
    "f1_score": F1Score,
    "kld": KLDivergence,
    "KLD": KLDivergence,
}
# A class comes before the function of the same meaning: a metric keeps its settings in its state.
_TABLE: dict[str, Any] = {
    **{one.__name__: one for one in _FUNCTIONS},
    **{one.__name__: one for one in _CLASSES},
    **{to_snake_case(one.__name__): one for one in _CLASSES},
    **_ALIASES,
}

__all__ = [
    *(one.__name__ for one in _CLASSES),
    *(one.__name__ for one in _FUNCTIONS),
    "deserialize",
    "get",
    "serialize",
]


def get(identifier: Any) -> Any:
    """Return the metric that `identifier` stands for.

    Args:
        identifier: a name ("mse", "mean_squared_error", "MeanSquaredError"), a class, an object, a function, the config
            of a metric, or None.

    Returns:
        A `Metric` for a class, a config or a name; a function for itself, or for the name of one without a class.

    Raises:
        ValueError: unknown; the message has the nearest right name.

    Example:
        >>> import kerasfront as keras
        >>> keras.metrics.get("mse").name
        'mean_squared_error'
    """
    return registration.resolve("metric", identifier, _TABLE)


def serialize(metric: Any) -> dict[str, Any]:
    """Return a metric as plain data, in the format of Keras 3."""
    return registration.serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the metric from what `serialize` gave.

    Args:
        config: the data, or the name of a metric.
        custom_objects: classes and functions of your own, by name.

    Raises:
        ValueError: the data name no known metric.
    """
    return registration.resolve("metric", config, _TABLE, custom_objects)

"""Losses: classes, functions, and `get`, `serialize` and `deserialize`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasfront import registration
from kerasfront.losses.crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
)
from kerasfront.losses.embedding import Circle, circle
from kerasfront.losses.loss import Loss, LossFunctionWrapper
from kerasfront.losses.margin import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from kerasfront.losses.overlap import Dice, Tversky, dice, tversky
from kerasfront.losses.probabilistic import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from kerasfront.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

_CLASSES: tuple[type[Loss], ...] = (
    Loss,
    LossFunctionWrapper,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Circle,
    CosineSimilarity,
    Dice,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Tversky,
)
_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    circle,
    cosine_similarity,
    dice,
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
    tversky,
)
_ALIASES = {
    "bce": binary_crossentropy,
    "BCE": binary_crossentropy,
    "kld": kl_divergence,
    "KLD": kl_divergence,
    "mae": mean_absolute_error,
    "MAE": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "MAPE": mean_absolute_percentage_error,
    "mse": mean_squared_error,
    "MSE": mean_squared_error,
    "msle": mean_squared_logarithmic_error,
    "MSLE": mean_squared_logarithmic_error,
}
_TABLE: dict[str, Any] = {
    **{one.__name__: one for one in _CLASSES},
    **{one.__name__: one for one in _FUNCTIONS},
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
    """Return the loss that `identifier` stands for.

    Args:
        identifier: a name ("mse", "mean_squared_error", "MeanSquaredError"), a class, an object, a function, the config
            of a loss, or None.

    Returns:
        A `Loss` for a class, a config or the name of a class; a function for its name; else what came.

    Raises:
        ValueError: unknown; the message has the nearest right name.

    Example:
        >>> import kerasfront as keras
        >>> keras.losses.get("mse").__name__
        'mean_squared_error'
    """
    return registration.resolve("loss", identifier, _TABLE)


def serialize(loss: Any) -> dict[str, Any]:
    """Return a loss as plain data, in the format of Keras 3."""
    return registration.serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the loss from what `serialize` gave.

    Args:
        name: the data, or the name of a loss.
        custom_objects: classes and functions of your own, by name.

    Raises:
        ValueError: the data name no known loss.
    """
    return registration.resolve("loss", name, _TABLE, custom_objects)

"""Metrics made of the losses between distributions and of the hinge losses."""

from __future__ import annotations

from typing import Any

from kerasfront.losses import margin, probabilistic
from kerasfront.losses.agreement import check_label_smoothing
from kerasfront.metrics.reduction import MeanMetricWrapper


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean binary crossentropy, see `losses.binary_crossentropy`.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits instead of probabilities.
        label_smoothing: moves the labels this far from 0 and 1 towards 0.5.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        check_label_smoothing("BinaryCrossentropy", label_smoothing)
        super().__init__(
            probabilistic.binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of one-hot labels, see `losses.categorical_crossentropy`.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits instead of probabilities.
        label_smoothing: takes this much from the right class and spreads it evenly over all classes.
        axis: the axis of the classes.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        check_label_smoothing("CategoricalCrossentropy", label_smoothing)
        super().__init__(
            probabilistic.categorical_crossentropy, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of integer labels, see `losses.sparse_categorical_crossentropy`.

    Args:
        name, dtype: see `Metric`.
        from_logits: whether predictions are logits instead of probabilities.
        ignore_class: a label whose samples do not count. (Keras counts them as 0 where no weights are given.)
        axis: the axis of the classes.
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            probabilistic.sparse_categorical_crossentropy, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip


class KLDivergence(MeanMetricWrapper):
    """The mean Kullback-Leibler divergence, see `losses.kl_divergence`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(probabilistic.kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """The mean loss of counts under predicted rates, see `losses.poisson`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(probabilistic.poisson, name, dtype)


class Hinge(MeanMetricWrapper):
    """The mean hinge loss, see `losses.hinge`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(margin.hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean squared hinge loss, see `losses.squared_hinge`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(margin.squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean hinge loss of the right class against the best wrong one, see `losses.categorical_hinge`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(margin.categorical_hinge, name, dtype)

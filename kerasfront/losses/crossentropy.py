"""The classes of the losses in `probabilistic`."""

from __future__ import annotations

from typing import Any

from kerasfront.losses import agreement, probabilistic
from kerasfront.losses.loss import LossFunctionWrapper


class BinaryCrossentropy(LossFunctionWrapper):
    """The crossentropy of independent yes-no labels, see `binary_crossentropy`.

    Args:
        from_logits: whether predictions are logits instead of probabilities.
        label_smoothing: moves the labels this far from 0 and 1 towards 0.5.
        axis: the axis of the mean.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: label_smoothing is not in [0, 1].

    Example:
        >>> import kerasfront as keras
        >>> round(float(keras.losses.BinaryCrossentropy(from_logits=True)([[0.0, 1.0]], [[0.0, 0.0]])), 4)
        0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        agreement.check_label_smoothing("BinaryCrossentropy", label_smoothing)
        super().__init__(
            probabilistic.binary_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalCrossentropy(LossFunctionWrapper):
    """The crossentropy between one-hot labels and class probabilities, see `categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits instead of probabilities.
        label_smoothing: takes this much from the right class and spreads it evenly over all classes.
        axis: the axis of the classes.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        agreement.check_label_smoothing("CategoricalCrossentropy", label_smoothing)
        super().__init__(
            probabilistic.categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """The crossentropy between integer labels and class probabilities, see `sparse_categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits instead of probabilities.
        ignore_class: a label whose samples do not count.
        axis: the axis of the classes.
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kerasfront as keras
        >>> loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
        >>> round(float(loss([1, -1], [[0.5, 0.5], [0.9, 0.1]])), 4)
        0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            probabilistic.sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """The binary crossentropy with easy samples weighted down, see `binary_focal_crossentropy`.

    Args:
        apply_class_balancing: whether to weight label 1 by alpha and label 0 by ``1 - alpha``.
        alpha: that weight.
        gamma: the focusing exponent.
        from_logits, label_smoothing, axis: see `BinaryCrossentropy`.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        agreement.check_label_smoothing("BinaryFocalCrossentropy", label_smoothing)
        super().__init__(
            probabilistic.binary_focal_crossentropy, reduction, name, dtype,
            apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """The categorical crossentropy with easy samples weighted down, see `categorical_focal_crossentropy`.

    Args:
        alpha: the weight, one number or one for each class.
        gamma: the focusing exponent.
        from_logits, label_smoothing, axis: see `CategoricalCrossentropy`.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: label_smoothing is not in [0, 1].
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        agreement.check_label_smoothing("CategoricalFocalCrossentropy", label_smoothing)
        super().__init__(
            probabilistic.categorical_focal_crossentropy, reduction, name, dtype,
            alpha=alpha, gamma=gamma, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """A crossentropy that withstands wrong labels, see `categorical_generalized_cross_entropy`.

    Args:
        q: from crossentropy (towards 0) to mean absolute error (1).
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: q is not between 0 and 1.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(
                f"CategoricalGeneralizedCrossEntropy: q is out of range. Expected 0 < q < 1; got {q!r}. The default "
                "is 0.5."
            )
        super().__init__(probabilistic.categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


class KLDivergence(LossFunctionWrapper):
    """The Kullback-Leibler divergence of the predictions from the labels, see `kl_divergence`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(probabilistic.kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """The loss of counts under predicted rates, see `poisson`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(probabilistic.poisson, reduction, name, dtype)

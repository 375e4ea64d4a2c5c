"""Losses between distributions: crossentropies, focal losses, Kullback-Leibler divergence, Poisson.

Their mathematics lies in `kerasfront.ops`, where an engine may replace it by a fused kernel. Here labels are checked,
smoothed and masked.
"""

from __future__ import annotations

from typing import Any

from kerasfront import config, ops
from kerasfront.backend import dispatch, masks
from kerasfront.losses import agreement


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return the mean over `axis` of the crossentropy of independent yes-no labels.

    Shapes:
        y_true and y_pred ``(batch, ..., d)``; the result has no `axis`.

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        label_smoothing: moves the labels this far from 0 and 1 towards 0.5.
        axis: the axis of the mean.

    Raises:
        ValueError: the shapes differ, or label_smoothing is not in [0, 1].

    Notes:
        Probabilities are clipped to [epsilon, 1 - epsilon]; logits are not, and lose nothing. NaN stays NaN.

    Example:
        >>> import kerasfront as keras
        >>> round(float(keras.losses.binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
        0.6931
    """
    y_true, y_pred = agreement.elementwise("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        agreement.check_label_smoothing("binary_crossentropy", label_smoothing)
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return the crossentropy between one-hot labels and predicted class probabilities.

    Shapes:
        y_true and y_pred ``(batch, ..., classes)``; the result has no `axis`.

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        label_smoothing: takes this much from the right class and spreads it evenly over all classes.
        axis: the axis of the classes.

    Raises:
        ValueError: the shapes differ, or label_smoothing is not in [0, 1].

    Notes:
        Probabilities are divided by their sum and clipped to [epsilon, 1 - epsilon].

    Example:
        >>> import kerasfront as keras
        >>> round(float(keras.losses.categorical_crossentropy([[0.0, 1.0]], [[0.75, 0.25]])[0]), 4)
        1.3863
    """
    y_true, y_pred = agreement.one_hot_labels("categorical_crossentropy", y_true, y_pred, axis)
    y_true = _spread(y_true, label_smoothing, axis, "categorical_crossentropy")
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def _spread(y_true: Any, label_smoothing: float, axis: int, name: str) -> Any:
    if not label_smoothing:
        return y_true
    agreement.check_label_smoothing(name, label_smoothing)
    classes = ops.shape(y_true)[axis]
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Return the crossentropy between integer labels and predicted class probabilities.

    Shapes:
        y_pred ``(batch, ..., classes)``; y_true the same without `axis`, or with size 1 there; the result ``(batch,
        ...)``.

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        ignore_class: a label whose samples cost 0 and do not count in a mean; it may lie outside the classes.
        axis: the axis of the classes.

    Raises:
        ValueError: the shapes do not fit; a label (whose value is known now) names no class.

    Notes:
        In a compiled function, where values are not known, a label that names no class gives NaN for its sample.

    Example:
        >>> import kerasfront as keras
        >>> round(float(keras.losses.sparse_categorical_crossentropy([1], [[0.75, 0.25]])[0]), 4)
        1.3863
    """
    name = "sparse_categorical_crossentropy"
    y_true, y_pred = agreement.sparse_labels(name, y_true, y_pred, axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    counts = ops.not_equal(y_true, ignore_class)
    y_true = ops.where(counts, y_true, ops.zeros_like(y_true))
    values = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    values = ops.where(counts, values, ops.zeros_like(values))
    masks.set_mask(values, counts)
    return values


# Class indices must not pass through a narrow float type: float16 has no 2049.
sparse_categorical_crossentropy.integer_labels = True  # type: ignore[attr-defined]


# Their labels are probabilities, from 0 to 1.
binary_crossentropy.probability_labels = True  # type: ignore[attr-defined]
categorical_crossentropy.probability_labels = True  # type: ignore[attr-defined]


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the mean over `axis` of the binary crossentropy, with easy samples weighted down.

    With ``q`` the probability given to the right answer, an element is multiplied by ``(1 - q)**gamma``.
    Shapes and errors as `binary_crossentropy`.

    Args:
        apply_class_balancing: whether to weight label 1 by alpha and label 0 by ``1 - alpha``.
        alpha: that weight.
        gamma: the focusing exponent; 0 gives the plain crossentropy.
        from_logits, label_smoothing, axis: see `binary_crossentropy`.

    Source: Lin et al., "Focal loss for dense object detection", 2018, equations 4 and 5.
    """
    y_true, y_pred = agreement.elementwise("binary_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        agreement.check_label_smoothing("binary_focal_crossentropy", label_smoothing)
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    values = ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    probability = ops.sigmoid(y_pred) if from_logits else y_pred
    wrong = y_true + probability - 2.0 * y_true * probability
    values = values * ops.power(wrong, gamma)
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(values, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the sum over `axis` of ``-alpha * (1 - p)**gamma * y_true * log(p)``.

    Shapes and errors as `categorical_crossentropy`.

    Args:
        alpha: the weight, one number or one for each class.
        gamma: the focusing exponent; 0 gives alpha times the plain crossentropy.
        from_logits, label_smoothing, axis: see `categorical_crossentropy`.

    Source: Lin et al., "Focal loss for dense object detection", 2018.
    """
    y_true, y_pred = agreement.one_hot_labels("categorical_focal_crossentropy", y_true, y_pred, axis)
    y_true = _spread(y_true, label_smoothing, axis, "categorical_focal_crossentropy")
    if from_logits:
        log_probability = ops.log_softmax(y_pred, axis=axis)
        probability = ops.exp(log_probability)
    else:
        probability = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
        probability = ops.clip(probability, config.epsilon(), 1.0 - config.epsilon())
        log_probability = ops.log(probability)
    weights = ops.power(1.0 - probability, gamma) * ops.convert_to_tensor(alpha, dtype=dispatch.dtype_of(y_pred))
    return -ops.sum(weights * y_true * log_probability, axis=axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """Return ``(1 - p**q) / q`` with p the probability given to the right class: robust against wrong labels.

    Shapes:
        y_true integers ``(batch, ...)``; y_pred probabilities ``(batch, ..., classes)``; the result ``(batch, ...)``.

    Args:
        q: from crossentropy (towards 0) to mean absolute error (1); in ]0, 1[.

    Raises:
        ValueError: the shapes do not fit; a label (whose value is known now) names no class.

    Source: Zhang and Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels",
    2018.
    """
    name = "categorical_generalized_cross_entropy"
    y_true, y_pred = agreement.sparse_labels(name, y_true, y_pred)
    agreement.check_class_indices(name, y_true, dispatch.shape_of(y_pred)[-1])
    labels = ops.one_hot(ops.cast(y_true, "int32"), dispatch.shape_of(y_pred)[-1], dtype=dispatch.dtype_of(y_pred))
    return (1.0 - ops.power(ops.sum(labels * y_pred, axis=-1), q)) / q


categorical_generalized_cross_entropy.integer_labels = True  # type: ignore[attr-defined]


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return ``sum(y_true * log(y_true / y_pred))`` over the last axis.

    Both are clipped to [epsilon, 1] first.

    Shapes:
        y_true and y_pred ``(batch, ..., d)``; the result ``(batch, ...)``.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = agreement.elementwise("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``y_pred - y_true * log(y_pred + epsilon)``.

    It is the negative logarithm of the likelihood of counts y_true under rates y_pred, without its constant.
    Shapes and errors as `kl_divergence`.
    """
    y_true, y_pred = agreement.elementwise("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)

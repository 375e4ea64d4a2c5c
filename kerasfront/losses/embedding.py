"""The circle loss, for embeddings in which samples of one class should lie together."""

from __future__ import annotations

from typing import Any

from kerasfront import ops
from kerasfront.backend import masks
from kerasfront.losses import agreement
from kerasfront.losses.loss import LossFunctionWrapper

NEVER = -1e9
"""Stands in a logarithm of a sum for a pair that does not count."""


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Return for each embedding how badly its similarities to its own class and to other classes are kept apart.

    Shapes:
        y_true integers ``(batch,)`` or ``(batch, 1)``; y_pred ``(batch, d)`` of norm 1; the result ``(batch,)``.

    Args:
        ref_labels: labels ``(r,)`` of the embeddings to compare with; y_true by default.
        ref_embeddings: those embeddings, ``(r, d)``; y_pred by default.
        remove_diagonal: whether sample i is not compared with reference i.
        gamma: the scale of similarities.
        margin: how far they must stay from the worst values.

    Raises:
        ValueError: the shapes do not fit.

    Notes:
        A sample without another one of its class, or without one of another class, costs 0. What costs 0 is masked, as
        in Keras: the mean is over the others.

    Source: Sun et al., "Circle loss: a unified perspective of pair similarity optimization", 2020, equations 5 and 6.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), agreement.as_float(y_pred)
    labels, embeddings = _references(y_true, y_pred, ref_labels, ref_embeddings)
    y_true = ops.reshape(y_true, (-1, 1))
    similarity = ops.matmul(y_pred, ops.transpose(embeddings))
    same = ops.equal(y_true, ops.reshape(labels, (1, -1)))
    other = ops.logical_not(same)
    if remove_diagonal:
        rows, columns = ops.shape(similarity)
        off = ops.logical_not(ops.cast(ops.eye(rows, columns), "bool"))
        same = ops.logical_and(same, off)
        other = ops.logical_and(other, off)
    # The gradient goes through the weights, too, as in Keras; other implementations hold them constant.
    pull = ops.maximum(1.0 + margin - similarity, 0.0)
    push = ops.maximum(similarity + margin, 0.0)
    near = _logarithm_of_sum(-gamma * pull * (similarity - (1.0 - margin)), same)
    far = _logarithm_of_sum(gamma * push * (similarity - margin), other)
    values = ops.softplus(near + far)
    masks.set_mask(values, ops.greater(values, 0.0))
    return values


def _references(y_true: Any, y_pred: Any, labels: Any, embeddings: Any) -> tuple[Any, Any]:
    labels = y_true if labels is None else ops.convert_to_tensor(labels)
    embeddings = y_pred if embeddings is None else agreement.as_float(embeddings)
    shapes = [ops.shape(value) for value in (y_true, y_pred, labels, embeddings)]
    fits = all(
        len(vectors) == 2 and agreement.shapes_agree(kinds[:1], vectors[:1]) and kinds[1:] in ((), (1,))
        for kinds, vectors in (shapes[:2], shapes[2:])
    )
    if not fits or shapes[1][1] != shapes[3][1]:
        raise ValueError(
            "circle: labels and embeddings do not fit. Expected labels (batch,) and embeddings (batch, d), also of the "
            f"references; got {shapes[0]}, {shapes[1]}, {shapes[2]} and {shapes[3]}. Flatten each embedding."
        )
    return labels, embeddings


def _logarithm_of_sum(logits: Any, counts: Any) -> Any:
    return ops.logsumexp(ops.where(counts, logits, ops.full_like(logits, NEVER)), axis=1)


circle.integer_labels = True  # type: ignore[attr-defined]


class Circle(LossFunctionWrapper):
    """The circle loss of embeddings against each other, see `circle`.

    Args:
        gamma: the scale of similarities.
        margin: how far they must stay from the worst values.
        remove_diagonal: whether a sample is not compared with itself.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)

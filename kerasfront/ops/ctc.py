"""Connectionist temporal classification: the loss of unaligned labels, and decoding.

Logarithms of probabilities are finite here: `NEVER` stands for the logarithm of 0, so that no gradient is inf - inf.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import dtypes, ops
from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _shapes
from kerasfront.ops._checks import host_integers
from kerasfront.ops.movement import reshape_known

NEVER = -1e30


def _labels_and_logits(kinds: tuple[str, ...], wanted: str | None = None) -> tuple[list, str]:
    """The dtype rule: the second argument becomes a float of 32 bits or more, which is the result; the others stay."""
    scores = dtypes.float_type(kinds[1], "float32")
    return [None, scores, *[None] * (len(kinds) - 2)], scores


def _logits_and_lengths(kinds: tuple[str, ...], wanted: str | None = None) -> tuple[list, str]:
    scores = dtypes.float_type(kinds[0], "float32")
    return [scores, *[None] * (len(kinds) - 1)], scores


def _check_shapes(name: str, given: dict[str, Any], ranks: dict[str, int]) -> None:
    """All have the ranks that they need and one batch size."""
    shapes = {label: shape_of(value) for label, value in given.items()}
    batches = {shape[0] for shape in shapes.values() if shape and shape[0] is not None}
    if any(len(shapes[label]) != rank for label, rank in ranks.items()) or len(batches) > 1:
        wanted = ", ".join(f"{label} with {rank} axes" for label, rank in ranks.items())
        raise OpError(f"{name}: shapes {shapes}. Expected {wanted}, and one batch size. Correct the shapes.")


def _check_lengths(name: str, label: str, lengths: Any, longest: int | None) -> None:
    found = host_integers(lengths)
    if found is not None and found.size and longest is not None and (found.min() < 0 or found.max() > longest):
        raise OpError(
            f"{name}: {label} is {found.tolist()}. Expected numbers from 0 to {longest}. Correct the lengths."
        )


def _check_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> None:
    given = {"target": target, "output": output, "target_length": target_length, "output_length": output_length}
    _check_shapes("ctc_loss", given, {"target": 2, "output": 3, "target_length": 1, "output_length": 1})
    _check_lengths("ctc_loss", "target_length", target_length, shape_of(target)[1])
    _check_lengths("ctc_loss", "output_length", output_length, shape_of(output)[1])
    labels, lengths = host_integers(target), host_integers(target_length)
    classes = shape_of(output)[2]
    if labels is None or lengths is None or classes is None:
        return
    counted = labels[np.arange(labels.shape[1]) < lengths[:, None]]
    wrong = counted[(counted < 0) | (counted >= classes) | (counted == mask_index)]
    if wrong.size:
        raise OpError(
            f"ctc_loss: label {wrong[0]} names no class. Expected integers from 0 to {classes - 1} other than"
            f" mask_index {mask_index} within target_length. Correct the labels or the lengths."
        )


def _log_sum(*terms: Any) -> Any:
    """Return log(sum(exp(terms))) elementwise; `NEVER` stays about that."""
    largest = terms[0]
    for term in terms[1:]:
        largest = ops.maximum(largest, term)
    largest = ops.stop_gradient(largest)
    total: Any = None
    for term in terms:
        power = ops.exp(term - largest)
        total = power if total is None else total + power
    return ops.log(total) + largest


def _count_along(x: Any, axis: int) -> Any:
    """Return 0, 1, 2, ... along an axis in the shape of x, which may be unknown.

    Where the shape is known it is no symbolic tensor, even if x is one: compare it by ops, not by operators.
    """
    return ops.cumsum(ops.ones_like(x, dtype="int32"), axis=axis) - 1


def _delayed(x: Any, by: int) -> Any:
    """Return a matrix whose rows start with so many `NEVER` and lose as many numbers at the end."""
    return ops.pad(x, ((0, 0), (by, 0)), constant_values=NEVER)[:, :-by]


@derived(dtype=_labels_and_logits, check=_check_loss)
def ctc_loss(target: Tensor, output: Tensor, target_length: Tensor, output_length: Tensor, mask_index: int = 0) -> Any:
    """Return for each sample minus the logarithm of the probability that the outputs spell the labels.

    A path names one class or the blank for each step; it spells the labels if they are left when repetitions are
    merged and blanks dropped. The probabilities of all such paths are added up.

    Shapes:
        target ``(batch, labels)``, output ``(batch, time, classes)``, lengths ``(batch,)``; the result ``(batch,)``.

    Args:
        target: class indices; those behind `target_length` are not looked at.
        output: logits.
        target_length, output_length: how many labels and steps of each sample count.
        mask_index: the class that is the blank.

    Raises:
        OpError: the shapes do not fit, a length is out of range, or a label (whose value is known now) names no class.

    Notes:
        Labels that no path can spell in the given time cost infinity, with gradient 0. In a compiled function a label
        that names no class gives NaN.

    Source: Graves et al., "Connectionist Temporal Classification" (2006), equations 6 to 8, in logarithms.
    """
    classes = ops.shape(output)[2]
    target, target_length, output_length = (ops.cast(x, "int32") for x in (target, target_length, output_length))
    counted = ops.less(_count_along(target, 1), ops.expand_dims(target_length, 1))
    fits = (target >= 0) & (target < classes) & (target != mask_index)
    labels = ops.where(counted & fits, target, ops.full_like(target, mask_index))
    emitted, skips = _states(labels, ops.log_softmax(output, axis=-1), mask_index)
    place = _count_along(skips, 1)
    # Before the first step all paths stand on the first blank.
    start = ops.where(place == 0, ops.zeros_like(place, dtype_of(emitted)), NEVER)
    going = ops.less(_count_along(output[:, :, 0], 1), ops.expand_dims(output_length, 1))

    def step(paths: Any, seen: Any) -> tuple[Any, None]:
        emitted, going = seen
        jumped = ops.where(skips, _delayed(paths, 2), NEVER)
        moved = _log_sum(paths, _delayed(paths, 1), jumped) + emitted
        return ops.where(ops.expand_dims(going, 1), moved, paths), None

    paths, _ = ops.scan(step, start, (ops.transpose(emitted, (1, 0, 2)), ops.transpose(going)))
    # A path ends on the last label or on the blank behind it.
    last = ops.expand_dims(2 * target_length, 1)
    ends = ops.where(ops.equal(place, last) | ops.equal(place, last - 1), paths, NEVER)
    spelled = ops.logsumexp(ends, axis=1)
    loss = ops.where(spelled < NEVER / 2, float("inf"), -spelled)
    loss = ops.where(ops.any(counted & ~fits, axis=1), float("nan"), loss)
    return ops.cast(loss, dtype_of(output))


def _states(labels: Any, logs: Any, mask_index: int) -> tuple[Any, Any]:
    """Return the logarithms of the states blank, label 1, blank, ..., blank, (batch, time, states), and which of them
    may follow the last but one at once: a label other than the one before."""
    batch, length = shape_of(labels)
    blanks = ops.full_like(labels, mask_index)
    states = reshape_known(ops.stack([blanks, labels], axis=2), [batch, _shapes.times(length, 2)])
    states = ops.pad(states, ((0, 0), (0, 1)), constant_values=mask_index)
    before = ops.pad(states, ((0, 0), (2, 0)), constant_values=mask_index)[:, :-2]
    return ops.gather_along_axis(logs, ops.expand_dims(states, 1), axis=2), (states != mask_index) & (states != before)


# -- decoding


def _check_decode(
    inputs: Any, sequence_lengths: Any, strategy: str = "greedy", beam_width: int = 100, top_paths: int = 1, *_: Any
) -> None:
    given = {"inputs": inputs, "sequence_lengths": sequence_lengths}
    _check_shapes("ctc_decode", given, {"inputs": 3, "sequence_lengths": 1})
    _check_lengths("ctc_decode", "sequence_lengths", sequence_lengths, shape_of(inputs)[1])
    if strategy not in ("greedy", "beam_search"):
        raise OpError(f"ctc_decode: strategy is {strategy!r}. Expected 'greedy' or 'beam_search'.")
    if strategy == "beam_search" and not 1 <= top_paths <= beam_width:
        raise OpError(
            f"ctc_decode: top_paths is {top_paths}. Expected 1 to beam_width, {beam_width}. Ask for fewer paths, or"
            f" widen the beam."
        )


@derived(dtype=_logits_and_lengths, check=_check_decode)
def ctc_decode(
    inputs: Tensor,
    sequence_lengths: Tensor,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> Any:
    """Return the label sequences that the outputs of a CTC model spell most probably, and their scores.

    Shapes:
        inputs ``(batch, time, classes)``, sequence_lengths ``(batch,)``; the result ``(paths, batch, time)`` int32,
        -1 behind the labels, and ``(batch, paths)``. One path for "greedy", `top_paths` for "beam_search".

    Args:
        inputs: logits.
        sequence_lengths: how many steps of each sample count.
        strategy: "greedy" takes the best class of each step; its score is minus the sum of their logits.
            "beam_search" adds up the paths of each label sequence, keeping the best `beam_width` sequences after each
            step; its score is the logarithm of their probability, minus infinity where there is no further sequence.
        merge_repeated: whether "greedy" merges repetitions of a label. "beam_search" always merges those of a path.
        mask_index: the class that is the blank.

    Raises:
        OpError: the shapes do not fit, a length is out of range, an unknown strategy, more paths than beams.

    Source: Graves, "Sequence Transduction with Recurrent Neural Networks" (2012), algorithm 1, for a CTC model.
    """
    sequence_lengths = ops.cast(sequence_lengths, "int32")
    going = ops.less(_count_along(inputs[:, :, 0], 1), ops.expand_dims(sequence_lengths, 1))
    if strategy == "greedy":
        return _greedy(inputs, going, merge_repeated, mask_index)
    return _beam_search(inputs, going, beam_width, top_paths, mask_index)


def _greedy(inputs: Any, going: Any, merge_repeated: bool, mask_index: int) -> tuple[Any, Any]:
    labels = ops.argmax(inputs, axis=-1)
    kept = going & (labels != mask_index)
    if merge_repeated:
        kept = kept & (labels != ops.pad(labels, ((0, 0), (1, 0)), constant_values=-1)[:, :-1])
    # A stable sort of what is dropped brings what is kept to the front in its order.
    order = ops.argsort(ops.cast(~kept, "int32"), axis=1)
    count = ops.sum(ops.cast(kept, "int32"), axis=1, keepdims=True)
    decoded = ops.where(ops.less(_count_along(labels, 1), count), ops.gather_along_axis(labels, order, axis=1), -1)
    best = ops.where(going, ops.max(inputs, axis=-1), 0.0)
    return ops.expand_dims(decoded, 0), -ops.sum(best, axis=1, keepdims=True)


def _beam_search(inputs: Any, going: Any, width: int, top_paths: int, mask_index: int) -> tuple[Any, Any]:
    """Keep sequences of labels with the probabilities of the paths that end on a blank and on the last label."""
    logs = ops.log_softmax(inputs, axis=-1)
    empty = ops.repeat(ops.expand_dims(ops.full_like(going, -1, "int32"), 1), width, axis=1)  # (batch, beams, time)
    beam = _count_along(empty[:, :, 0], 1)
    never = ops.full_like(beam, NEVER, dtype_of(logs))
    start = {
        "labels": empty,
        "length": ops.zeros_like(beam),
        "last": ops.full_like(beam, -1),
        "blank": ops.where(beam == 0, 0.0, never),
        "label": never,
    }

    def step(beams: dict, seen: Any) -> tuple[dict, None]:
        logs, going = seen
        new = _extended(beams, logs, mask_index)
        chosen = {}
        for name, value in beams.items():
            mask = ops.reshape(going, (-1,) + (1,) * (len(shape_of(value)) - 1))
            chosen[name] = ops.where(mask, new[name], value)
        return chosen, None

    beams, _ = ops.scan(step, start, (ops.transpose(logs, (1, 0, 2)), ops.transpose(going)))
    scores, best = ops.top_k(_log_sum(beams["blank"], beams["label"]), top_paths)
    found = scores > NEVER / 2
    labels = ops.gather_along_axis(beams["labels"], ops.expand_dims(best, 2), axis=1)
    labels = ops.where(ops.expand_dims(found, 2), labels, -1)
    scores = ops.where(found, scores, float("-inf"))
    return ops.transpose(labels, (1, 0, 2)), ops.cast(scores, dtype_of(inputs))


def _extended(beams: dict, logs: Any, mask_index: int) -> dict:
    """Return the best sequences after one more step: each stays as it is, or gets one label more."""
    labels, length, last = beams["labels"], beams["length"], beams["last"]
    width, classes = ops.shape(last)[1], ops.shape(logs)[1]
    every = _log_sum(beams["blank"], beams["label"])
    names = ops.reshape(ops.arange(classes, dtype="int32"), (1, 1, classes))
    ending = ops.equal(names, ops.expand_dims(last, 2))  # (batch, beams, classes)
    # A label after itself is another one only if a blank came between.
    longer = ops.where(ending, ops.expand_dims(beams["blank"], 2), ops.expand_dims(every, 2)) + ops.expand_dims(logs, 1)
    longer = ops.where(names == mask_index, NEVER, longer)
    blank = every + logs[:, mask_index : mask_index + 1]
    label = ops.where(last < 0, NEVER, beams["label"] + ops.gather_along_axis(logs, ops.maximum(last, 0), axis=1))
    # Where a sequence is another one and a label more, its paths join those of the sequence that is there already.
    shortened = ops.where(ops.equal(_count_along(labels, 2), ops.expand_dims(length - 1, 2)), -1, labels)
    same = ops.all(ops.expand_dims(shortened, 2) == ops.expand_dims(labels, 1), axis=3)
    parent = same & (ops.expand_dims(length, 2) == ops.expand_dims(length, 1) + 1)  # (batch, longer, shorter)
    joining = ops.gather_along_axis(ops.swapaxes(longer, 1, 2), ops.expand_dims(ops.maximum(last, 0), 2), axis=1)
    label = _log_sum(label, ops.max(ops.where(parent, joining, NEVER), axis=2))
    joined = ops.matmul(ops.cast(ops.swapaxes(parent, 1, 2), "float32"), ops.cast(ending, "float32")) > 0
    longer = ops.where(joined, NEVER, longer)

    flat = ops.reshape(longer, (-1, width * classes))
    scores, chosen = ops.top_k(ops.concatenate([_log_sum(blank, label), flat], axis=1), width)
    stays = chosen < width
    source = ops.where(stays, chosen, (chosen - width) // classes)
    added = (chosen - width) % classes
    length = ops.gather_along_axis(length, source, axis=1)
    labels = ops.gather_along_axis(labels, ops.expand_dims(source, 2), axis=1)
    at_end = ops.equal(_count_along(labels, 2), ops.expand_dims(length, 2)) & ~ops.expand_dims(stays, 2)
    return {
        "labels": ops.where(at_end, ops.expand_dims(added, 2), labels),
        "length": ops.where(stays, length, length + 1),
        "last": ops.where(stays, ops.gather_along_axis(last, source, axis=1), added),
        "blank": ops.where(stays, ops.gather_along_axis(blank, source, axis=1), NEVER),
        "label": ops.where(stays, ops.gather_along_axis(label, source, axis=1), scores),
    }

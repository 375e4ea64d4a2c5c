"""Connectionist temporal classification, by adding up every path there is."""

from __future__ import annotations

import itertools
import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import HALVES, array, case, ints, normal
from kerasfront.testing.cases.activations import log_softmax
from kerasfront.testing.tolerance import EXACT, ITERATED, SUM

LOGITS = normal(2, 4, 3, seed=3)
LABELS, LENGTHS, STEPS = ints([[1, 2], [2, 2]]), ints([2, 2]), ints([4, 4])


def spelled(path, blank, merge=True):
    """The labels of a path: repetitions merged, then blanks dropped."""
    merged = [c for i, c in enumerate(path) if not merge or i == 0 or c != path[i - 1]]
    return tuple(c for c in merged if c != blank)


def probabilities(logits, steps, blank):
    """The probability of each label sequence of one sample."""
    logs = log_softmax(logits)
    found: dict = {}
    for path in itertools.product(range(logits.shape[-1]), repeat=int(steps)):
        labels = spelled(path, blank)
        found[labels] = found.get(labels, 0.0) + math.exp(sum(logs[t, c] for t, c in enumerate(path)))
    return found


def ctc_loss(target, output, target_length, output_length, mask_index=0):
    losses = []
    for labels, logits, count, steps in zip(target, output, target_length, output_length, strict=True):
        chance = probabilities(logits, steps, mask_index).get(tuple(labels[:count].tolist()), 0.0)
        losses.append(-math.log(chance) if chance else math.inf)
    return np.array(losses)


def filled(labels, length):
    return [*labels, *[-1] * (length - len(labels))]


def greedy(inputs, sequence_lengths, merge_repeated=True, mask_index=0):
    labels, scores = [], []
    for logits, steps in zip(inputs, sequence_lengths, strict=True):
        path = logits[:steps].argmax(-1).tolist()
        labels.append(filled(spelled(path, mask_index, merge_repeated), logits.shape[0]))
        scores.append([-logits[:steps].max(-1).sum()])
    return np.array([labels], "int32"), np.array(scores)


def beam_search(inputs, sequence_lengths, strategy, beam_width, top_paths, mask_index=0):
    """The most probable sequences, for beams that have room for all."""
    labels, scores = [], []
    for logits, steps in zip(inputs, sequence_lengths, strict=True):
        found = sorted(probabilities(logits, steps, mask_index).items(), key=lambda item: -item[1])[:top_paths]
        missing = top_paths - len(found)
        labels.append([filled(path, logits.shape[0]) for path, _ in found] + [filled((), logits.shape[0])] * missing)
        scores.append([math.log(chance) for _, chance in found] + [-math.inf] * missing)
    return np.array(labels, "int32").swapaxes(0, 1), np.array(scores)


LOSSES = {
    "": (LABELS, LOGITS, LENGTHS, STEPS),
    "lengths of their own": (LABELS, LOGITS, ints([1, 2]), ints([2, 3])),
    "no labels": (LABELS, LOGITS, ints([0, 0]), ints([3, 4])),
    "long": (ints([[1, 1, 2]]), normal(1, 5, 3, seed=4), ints([3]), ints([5])),
    "labels behind the end are not looked at": (ints([[1, -1], [7, 0]]), LOGITS, ints([1, 0]), STEPS),
    "confident": (LABELS, 30 * LOGITS, LENGTHS, STEPS),
}
BEAMS = {
    "all paths": (LOGITS, STEPS, "beam_search", 40, 3),
    "lengths": (LOGITS, ints([2, 3]), "beam_search", 40, 2),
    "fewer than asked for": (LOGITS, ints([1, 0]), "beam_search", 40, 4),
}

CASES = [
    *(case("ctc_loss", *args, ref=ctc_loss, note=note, tol=ITERATED) for note, args in LOSSES.items()),
    case(
        "ctc_loss",
        ints([[0, 1]]),
        LOGITS[:1],
        ints([2]),
        ints([4]),
        mask_index=2,
        ref=ctc_loss,
        note="blank last",
        tol=ITERATED,
    ),
    case("ctc_loss", LABELS, LOGITS, LENGTHS, STEPS, ref=ctc_loss, note="half types", dtypes=HALVES, tol=SUM),
    case(
        "ctc_loss",
        LABELS,
        LOGITS,
        LENGTHS,
        ints([2, 2]),
        ref=ctc_loss,
        note="no path is an infinite loss",
        tol=ITERATED,
        differentiable=False,
    ),
    case(
        "ctc_loss",
        ints([[1, 1]]),
        LOGITS[:1, :2],
        ints([2]),
        ints([2]),
        ref=array([math.inf]),
        note="no path has no slope",
        gradients=(np.zeros((1, 2, 3)),),
    ),
    *(
        case(
            "ctc_decode",
            LOGITS,
            ints([4, 2]),
            merge_repeated=merge,
            mask_index=blank,
            note=f"greedy, merge {merge}, blank {blank}",
            ref=lambda x, n, merge_repeated, mask_index: greedy(x, n, merge_repeated, mask_index),
            tol=SUM,
        )
        for merge in (True, False)
        for blank in (0, 2)
    ),
    case(
        "ctc_decode",
        array([[[0.0, 3.0], [0.0, 2.0], [1.0, 0.0], [0.0, 4.0]]]),
        ints([4]),
        ref=greedy,
        note="a blank parts repetitions",
        tol=EXACT,
    ),
    *(
        case("ctc_decode", *args, ref=beam_search, note=f"beams, {note}", tol=ITERATED, differentiable=False)
        for note, args in BEAMS.items()
    ),
    case(
        "ctc_decode",
        LOGITS,
        STEPS,
        "beam_search",
        40,
        2,
        mask_index=1,
        ref=beam_search,
        note="beams, other blank",
        tol=ITERATED,
        differentiable=False,
    ),
    case(
        "ctc_decode",
        LOGITS,
        STEPS,
        ref=lambda x, n: beam_search(x, n, "", 0, 1)[0],
        note="beams, narrow",
        call=lambda x, n: ops.ctc_decode(x, n, "beam_search", 4, 1)[0],
        tol=EXACT,
        differentiable=False,
    ),
]

"""`rearrange`: axes taken apart, put in order and joined, as a pattern of names says."""

from __future__ import annotations

import math
import re
from typing import Any

from kerasfront.backend.dispatch import Tensor, derived, shape_of
from kerasfront.errors import OpError
from kerasfront.ops.movement import permute_axes, reshape_known

_TOKEN = re.compile(r"\s*(\.\.\.|[A-Za-z_]\w*|1|\(|\))")
_ELLIPSIS, _JOINED = "...", "(...)"  # the latter within a group


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Return the tensor with its axes rearranged as a pattern says, such as "b (h p) c -> b p (c h)".

    A name stands for an axis, a group in parentheses for one axis that is taken apart or joined (the last name moves
    fastest), "..." for all axes that are left, 1 or () for an axis of size 1.

    Args:
        axes_lengths: sizes by name; in each group on the left all but one have to be known.

    Raises:
        OpError: the pattern cannot be read, its sides name different axes, or it does not fit the tensor's shape.

    Source: A. Rogozhnikov, "Einops: clear and reliable tensor manipulations with Einstein-like notation", ICLR 2022.

    Example:
        >>> from kerasfront import ops
        >>> ops.rearrange(ops.ones((2, 6, 3)), "b (h p) c -> b p (c h)", p=2).shape
        (2, 2, 9)
    """
    return rearrange_axes(tensor, pattern, tuple(sorted(axes_lengths.items())))


@derived
def rearrange_axes(x: Tensor, pattern: str, lengths: Any = ()) -> Tensor:
    """Return what `rearrange` returns, sizes given as pairs of name and size."""
    shape, sizes = shape_of(x), dict(lengths)
    left, right = (_groups(side, pattern) for side in _sides(pattern))
    left, right = _without_ellipsis(left, right, len(shape), pattern)
    _check_names(left, right, sizes, pattern)
    if len(left) != len(shape):
        raise _error(pattern, f"the left side has {len(left)} axes, the tensor {len(shape)}, shape {shape}")
    for group, size in zip(left, shape, strict=True):
        _work_out(group, size, sizes, pattern)
    before, after = [name for group in left for name in group], [name for group in right for name in group]
    # Only groups change the shape; without them dimensions may be unknown in any number.
    if any(len(group) != 1 for group in left):
        x = reshape_known(x, [sizes[name] for name in before])
    if before != after:
        x = permute_axes(x, tuple(before.index(name) for name in after))
    if all(len(group) == 1 for group in right):
        return x
    return reshape_known(x, [_product(sizes[name] for name in group) for group in right])


def _error(pattern: str, problem: str) -> OpError:
    return OpError(
        f"rearrange: pattern {pattern!r}: {problem}. Expected names, groups in parentheses and '...' on both sides of"
        f" '->'. Correct the pattern or the sizes."
    )


def _sides(pattern: str) -> list[str]:
    sides = pattern.split("->")
    if len(sides) != 2:
        raise _error(pattern, f"{len(sides) - 1} arrows")
    return sides


def _groups(side: str, pattern: str) -> list[list[str]]:
    """Return the names of each axis of one side; 1 and () are empty groups."""
    groups: list[list[str]] = []
    inside, place, side = False, 0, side.rstrip()
    while place < len(side):
        found = _TOKEN.match(side, place)
        if not found:
            raise _error(pattern, f"cannot read {side[place:].strip()!r}")
        token, place = found.group(1), found.end()
        if token in "()":
            if inside is (token == "("):
                raise _error(pattern, "unbalanced parentheses")
            inside = token == "("
            if inside:
                groups.append([])
        elif inside:
            groups[-1].extend([] if token == "1" else [_JOINED if token == _ELLIPSIS else token])
        else:
            groups.append([] if token == "1" else [token])
    if inside:
        raise _error(pattern, "unbalanced parentheses")
    return groups


def _without_ellipsis(left: list, right: list, rank: int, pattern: str) -> tuple[list, list]:
    """Put names for the axes that "..." stands for; grouped on the right it joins them."""
    marks = [[name for group in side for name in group if name in (_ELLIPSIS, _JOINED)] for side in (left, right)]
    if marks == [[], []]:
        return left, right
    if marks[0] != [_ELLIPSIS] or len(marks[1]) != 1:
        raise _error(pattern, "'...' has to stand once on each side, on the left outside of groups")
    names = [f"axis {i} of ..." for i in range(rank - len(left) + 1)]
    place = left.index([_ELLIPSIS])
    left = [*left[:place], *([name] for name in names), *left[place + 1 :]]
    spread: list[list[str]] = []
    for group in right:
        if group == [_ELLIPSIS]:
            spread.extend([name] for name in names)
        else:
            spread.append([name for each in group for name in (names if each == _JOINED else [each])])
    return left, spread


def _check_names(left: list, right: list, sizes: dict, pattern: str) -> None:
    before, after = ([name for group in side for name in group] for side in (left, right))
    for names in (before, after):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise _error(pattern, f"{min(twice)!r} stands twice on one side")
    if set(before) != set(after):
        raise _error(pattern, f"{min(set(before) ^ set(after))!r} stands on one side only")
    unused = set(sizes) - set(before)
    if unused:
        raise _error(pattern, f"the size of {min(unused)!r} is given, which is not in the pattern")


def _work_out(group: list[str], size: int | None, sizes: dict, pattern: str) -> None:
    """Enter the sizes of a group's axes; None for one that is unknown."""
    open_names = [name for name in group if name not in sizes]
    known = math.prod(sizes[name] for name in group if name in sizes)
    if len(open_names) > 1:
        raise _error(pattern, f"the sizes of {open_names} are open. Give all but one of a group")
    if open_names:
        if size is not None and (not known or size % known):
            raise _error(pattern, f"an axis of size {size} does not divide into parts of {known}")
        sizes[open_names[0]] = None if size is None else size // known
    elif size is not None and size != known:
        raise _error(pattern, f"an axis has size {size}, the pattern says {known}")


def _product(sizes: Any) -> int | None:
    found = list(sizes)
    return None if None in found else math.prod(found)

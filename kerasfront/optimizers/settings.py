"""Checks of what optimizers are given, with the errors in one voice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasfront import errors
from kerasfront.backend import dispatch

KNOWN = (
    "learning_rate", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name",
)  # fmt: skip


def _refuse(where: str, name: str, rule: str, value: Any, remedy: str) -> ValueError:
    return ValueError(f"{where}: {name} is out of range. Expected {rule}; got {value!r}. {remedy}")


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, (bool, str)) and math.isfinite(float(value))


def check_known(where: str, arguments: dict[str, Any]) -> None:
    """Refuse arguments that no optimizer has."""
    for name in arguments:
        near = errors.nearest(name, KNOWN)
        remedy = f"Did you mean {near!r}?" if near else "Leave it out."
        raise ValueError(
            f"{where}: unknown argument {name!r}. Expected those of {where} and {', '.join(KNOWN)}. {remedy}"
        )


def check_learning_rate(where: str, value: Any) -> None:
    """Refuse a learning rate that is negative or no number. Tensors whose value is not known pass."""
    if dispatch.is_tensor(value) and not dispatch.is_concrete(value):
        return
    if not _is_number(value) or float(value) < 0:
        rule = "a finite number of 0 or more, a schedule or a function"
        raise _refuse(where, "learning_rate", rule, value, "Pass for example 0.001.")


def check_clipping(where: str, clipnorm: Any, clipvalue: Any, global_clipnorm: Any) -> None:
    """Refuse more than one way to clip, and bounds that are not positive."""
    given = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        raise ValueError(f"{where}: more than one way to clip gradients. Expected at most one; got {given}. Leave one.")
    for name, value in given.items():
        check_positive(where, name, value)


def check_positive(where: str, name: str, value: Any) -> None:
    """Refuse a number that is not above 0; None passes."""
    if value is not None and not (_is_number(value) and value > 0):
        raise _refuse(where, name, "a finite number above 0, or None", value, "Pass None to leave it out.")


def check_not_negative(where: str, name: str, value: Any) -> None:
    """Refuse a number below 0; None and False pass."""
    if value is not None and value is not False and not (_is_number(value) and value >= 0):
        raise _refuse(where, name, "a finite number of 0 or more, or None", value, "Pass None to leave it out.")


def check_fraction(where: str, name: str, value: Any) -> None:
    """Refuse a number outside 0 to 1."""
    if not (_is_number(value) and 0 <= value <= 1):
        raise _refuse(where, name, "a number from 0 to 1", value, "Pass for example 0.9.")


def check_count(where: str, name: str, value: Any, least: int) -> None:
    """Refuse what is no integer of at least so much; None passes."""
    if value is None:
        return
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < least:
        raise _refuse(where, name, f"an integer of {least} or more, or None", value, "Pass None to leave it out.")


def check_gradients(where: str, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
    """Refuse another number of gradients than variables, and a gradient of another shape."""
    if len(gradients) != len(variables):
        raise ValueError(
            f"{where}.apply: gradients and variables do not pair up. Expected one gradient for each variable; got "
            f"{len(gradients)} "
            f"gradients and {len(variables)} variables. Pass None where there is no gradient."
        )
    for gradient, variable in zip(gradients, variables, strict=True):
        if gradient is None:
            continue
        shape = dispatch.shape_of(gradient)
        if shape != variable.shape and (None not in shape or len(shape) != len(variable.shape)):
            raise ValueError(
                f"{where}.apply: a gradient does not fit {variable.path!r}. Expected shape {tuple(variable.shape)}; "
                f"got {shape}. Check the order of gradients and variables."
            )


def missing_gradients(where: str, gradients: Sequence[Any], variables: Sequence[Any]) -> list[str]:
    """Return the paths of the variables without gradient; refuse if that is all of them."""
    missing = [variable.path for gradient, variable in zip(gradients, variables, strict=True) if gradient is None]
    if missing and len(missing) == len(variables):
        raise ValueError(
            f"{where}.apply: no gradient at all. Expected one for at least one of {len(variables)} variables; "
            "got None only. Compute the loss from the outputs of the model."
        )
    return missing

"""Schedules that decay: exponential, inverse in time, by pieces, polynomial, by cosine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasfront import ops
from kerasfront.optimizers.schedules.schedule import LearningRateSchedule


def _check_steps(name: str, argument: str, value: Any) -> None:
    if not value > 0:
        raise ValueError(
            f"{name}: {argument} is out of range. Expected a number above 0; got {value!r}. Pass a positive one."
        )


def _float(step: Any) -> Any:
    return ops.cast(step, "float32")


def _power(base: float, exponent: Any) -> Any:
    return ops.power(ops.full_like(exponent, base), exponent)


class ExponentialDecay(LearningRateSchedule):
    """``initial_learning_rate * decay_rate ^ (step / decay_steps)``.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: after so many steps the rate is multiplied by `decay_rate`.
        decay_rate: the factor.
        staircase: round ``step / decay_steps`` down.
        name: of the schedule.

    Raises:
        ValueError: `decay_steps` is not positive.

    Example:
        >>> import kerasfront as keras
        >>> float(keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)(20))
        0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ):
        _check_steps("ExponentialDecay", "decay_steps", decay_steps)
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        share = _float(step) / self.decay_steps
        return self.initial_learning_rate * _power(self.decay_rate, ops.floor(share) if self.staircase else share)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")
        return {name: getattr(self, name) for name in own}


class InverseTimeDecay(LearningRateSchedule):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: the unit of time.
        decay_rate: how fast.
        staircase: round ``step / decay_steps`` down.
        name: of the schedule.

    Raises:
        ValueError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ):
        _check_steps("InverseTimeDecay", "decay_steps", decay_steps)
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        share = _float(step) / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (ops.floor(share) if self.staircase else share))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")
        return {name: getattr(self, name) for name in own}


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[i]`` up to and including step ``boundaries[i]``, the last value after all of them.

    Args:
        boundaries: increasing steps.
        values: rates, one more than boundaries.
        name: of the schedule.

    Raises:
        ValueError: the numbers of boundaries and values do not fit, or the boundaries do not increase.
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant"):
        if len(boundaries) + 1 != len(values):
            raise ValueError(
                "PiecewiseConstantDecay: boundaries and values do not fit. Expected one value more than boundaries; "
                f"got {len(boundaries)} "
                f"boundaries and {len(values)} values. Add or remove a value."
            )
        if any(after <= before for before, after in zip(boundaries, boundaries[1:], strict=False)):
            raise ValueError(
                f"PiecewiseConstantDecay: boundaries do not increase. Expected increasing steps; got {boundaries}. "
                "Sort them."
            )
        self.boundaries, self.values, self.name = boundaries, values, name

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        step = _float(step)
        rate = ops.full_like(step, self.values[-1])
        for boundary, value in reversed(list(zip(self.boundaries, self.values, strict=False))):
            rate = ops.where(ops.less_equal(step, boundary), ops.full_like(step, value), rate)
        return rate

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(LearningRateSchedule):
    """From the initial rate to the end rate by ``(1 - step / decay_steps) ^ power``, the end rate from then on.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: where the end is reached.
        end_learning_rate: the rate there.
        power: 1 is a straight line.
        cycle: at the end rise again, towards an end at the next multiple of `decay_steps`.
        name: of the schedule.

    Raises:
        ValueError: `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ):
        _check_steps("PolynomialDecay", "decay_steps", decay_steps)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle, self.name = end_learning_rate, power, cycle, name

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        share = _float(step) / self.decay_steps
        if self.cycle:
            share = share / ops.maximum(ops.ceil(share), 1)
        else:
            share = ops.minimum(share, 1)
        rest = 1 - share
        return (self.initial_learning_rate - self.end_learning_rate) * ops.power(
            rest, ops.full_like(rest, self.power)
        ) + self.end_learning_rate

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")
        return {name: getattr(self, name) for name in own}


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate to ``alpha`` times it, after a straight rise where one is wanted.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: length of the decay.
        alpha: the rate at the end, as a fraction.
        name: of the schedule.
        warmup_target: the rate that the rise reaches and the decay starts from; None for no rise.
        warmup_steps: length of the rise.

    Raises:
        ValueError: `decay_steps` is not positive.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, eq. 5.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ):
        _check_steps("CosineDecay", "decay_steps", decay_steps)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.alpha, self.name = alpha, name
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        step = _float(step)
        if self.warmup_target is None:
            return self._decayed(step, self.initial_learning_rate)
        decayed = self._decayed(ops.maximum(step - self.warmup_steps, 0), self.warmup_target)
        if not self.warmup_steps:
            return decayed
        rise = self.warmup_target - self.initial_learning_rate
        risen = self.initial_learning_rate + rise * (step / self.warmup_steps)
        return ops.where(ops.less(step, self.warmup_steps), risen, decayed)

    def _decayed(self, step: Any, start: float) -> Any:
        share = ops.minimum(step / self.decay_steps, 1)
        return start * ((1 - self.alpha) * 0.5 * (1 + ops.cos(math.pi * share)) + self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")
        return {name: getattr(self, name) for name in own}


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts over, each time over `t_mul` times as many steps from `m_mul` times the rate.

    Args:
        initial_learning_rate: at step 0.
        first_decay_steps: length of the first decay.
        t_mul: factor of the lengths.
        m_mul: factor of the rates.
        alpha: the rate at an end, as a fraction.
        name: of the schedule.

    Raises:
        ValueError: `first_decay_steps` is not positive, or `t_mul` is below 1.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, section 3.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ):
        _check_steps("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        if not t_mul >= 1:
            raise ValueError(
                f"CosineDecayRestarts: t_mul is out of range. Expected a number of 1 or more; got {t_mul!r}. Pass 1 "
                "or 2."
            )
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        share = _float(step) / self.first_decay_steps
        if self.t_mul == 1:
            restart = ops.floor(share)
            share = share - restart
        else:
            # The lengths 1, t, t^2, ... sum to (t^n - 1) / (t - 1); n solved for is the number of restarts so far.
            restart = ops.floor(ops.log(1 + share * (self.t_mul - 1)) / math.log(self.t_mul))
            length = _power(self.t_mul, restart)
            share = (share - (length - 1) / (self.t_mul - 1)) / length
        cosine = 0.5 * _power(self.m_mul, restart) * (1 + ops.cos(math.pi * share))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")
        return {name: getattr(self, name) for name in own}

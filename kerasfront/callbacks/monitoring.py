"""Watching one number of the logs: which it is, and whether it got better."""

from __future__ import annotations

import math
import operator
import warnings
from typing import Any

from kerasfront import ops
from kerasfront.callbacks.callback import Callback

MODES = ("auto", "min", "max")
# Ends of the names of metrics for which more is better, and of those for which less is.
_UPWARD = (
    "acc",
    "accuracy",
    "auc",
    "precision",
    "recall",
    "f1_score",
    "fbeta_score",
    "r2_score",
    "iou",
    "cosine_similarity",
    "positives",
    "negatives",
)
_DOWNWARD = (
    "loss",
    "error",
    "crossentropy",
    "divergence",
    "hinge",
    "mse",
    "mae",
    "mape",
    "msle",
    "rmse",
    "false_positives",
    "false_negatives",
)


class MonitorCallback(Callback):
    """Base of callbacks that act on whether one number of the logs improves.

    Args:
        monitor: name in the logs.
        mode: "min" if less is better, "max" if more is, "auto" to tell from the name or the metric.
        min_delta: what a change must exceed to count.

    Raises:
        ValueError: nonsense arguments; with "auto", at the end of the first epoch, a name that tells nothing.
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__()
        kind = type(self).__name__
        if not isinstance(monitor, str) or not monitor:
            raise ValueError(
                f"{kind}: `monitor` does not fit. Expected the name of a metric; got {monitor!r}. Pass 'val_loss' or "
                "the like."
            )
        if mode not in MODES:
            raise ValueError(
                f"{kind}: `mode` does not fit. Expected 'auto', 'min' or 'max'; got {mode!r}. Pass one of those."
            )
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(number(kind, "min_delta", min_delta))
        self.best: float | None = None
        self._sign = 0
        self._warned = False

    @property
    def monitor_op(self) -> Any:
        """`ops.greater` if more is better, `ops.less` if less is; None before the first value came."""
        return (ops.greater if self._sign > 0 else ops.less) if self._sign else None

    def monitored_value(self, logs: dict | None) -> float | None:
        """Return the monitored number, None (with one warning) if the logs have no such name."""
        value = (logs or {}).get(self.monitor)
        if value is None and not self._warned:
            self._warned = True
            names = ", ".join(logs or {}) or "none"
            hint = "Pass validation data to fit." if self.monitor.startswith("val_") else "Correct the name."
            warnings.warn(
                f"{type(self).__name__}: the logs have no {self.monitor!r}, so nothing is monitored. Expected one of: "
                f"{names}. {hint}",
                UserWarning,
                stacklevel=3,
            )
        return value

    def improves(self, value: float, reference: float | None) -> bool:
        """Return whether `value` is better than `reference` by more than `min_delta`; anything beats None."""
        if not self._sign:
            self._sign = self._find_sign()
        if reference is None:
            return True
        credited = value - self._sign * self.min_delta
        return credited > reference if self._sign > 0 else credited < reference

    def _find_sign(self) -> int:
        if self.mode != "auto":
            return 1 if self.mode == "max" else -1
        name = self.monitor.removeprefix("val_")
        direction = self._direction_of_metric(name)
        if direction is None:
            direction = "down" if name.endswith(_DOWNWARD) else "up" if name.endswith(_UPWARD) else None
        if direction is None:
            raise ValueError(
                f"{type(self).__name__}: cannot tell whether more or less of {self.monitor!r} is better. Expected a "
                "mode; got 'auto'. "
                "Pass mode='max' or mode='min'."
            )
        return 1 if direction == "up" else -1

    def _direction_of_metric(self, name: str) -> str | None:
        """Return what a metric object of that name says about itself, None if it says nothing."""
        found = list(getattr(self.model, "metrics", None) or ())
        found += [part for whole in found for part in getattr(whole, "metrics", None) or ()]
        for metric in found:
            if getattr(metric, "name", None) == name:
                return getattr(metric, "_direction", None)
        return None

    def start_monitoring(self) -> None:
        """Forget the best value, at the beginning of training."""
        self.best = None
        self._sign = 0
        self._warned = False


def number(kind: str, name: str, value: Any, least: float = -math.inf) -> float:
    """Return a finite number, checked.

    Raises:
        ValueError: it is no finite number of at least `least`.
    """
    valid = (
        not isinstance(value, (bool, str)) and hasattr(value, "__float__") and math.isfinite(value) and value >= least
    )
    if not valid:
        bound = "" if least == -math.inf else f" of at least {least}"
        raise ValueError(f"{kind}: `{name}` does not fit. Expected a finite number{bound}; got {value!r}. Correct it.")
    return value


def whole_number(kind: str, name: str, value: Any) -> int:
    """Return a whole number of at least 0, checked.

    Raises:
        ValueError: it is none.
    """
    try:
        whole = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        whole = -1
    if whole < 0:
        raise ValueError(
            f"{kind}: `{name}` does not fit. Expected a whole number of at least 0; got {value!r}. Correct it."
        )
    return whole

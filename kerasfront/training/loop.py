"""The loops behind `fit`, `evaluate` and `predict`, each to be read from top to bottom.

They never wait for the engine once per batch: results stay on the device until a callback or the end of the epoch
reads them. An exception at any moment leaves through here unchanged; whoever opened a data source closes it.
"""

from __future__ import annotations

import collections
import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from kerasfront import callbacks as callbacks_module
from kerasfront import metrics as metrics_module
from kerasfront import ops, tree
from kerasfront.backend import dispatch
from kerasfront.backend.contract import Backend
from kerasfront.training import logs as logs_module
from kerasfront.training import lookups, looping, replaying, step
from kerasfront.training.data.arrays import ArraySource
from kerasfront.utils.batch_format import pack_x_y_sample_weight

# So many outputs of `predict` stay on the device before the oldest is fetched: enough for the engine to work ahead.
_OUTPUTS_AHEAD = 4
_STOPS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


class Execution:
    """One kind of step over batches as they come; the first one makes the state and compiles the step."""

    def __init__(self, model: Any, kind: str, source: Any, callbacks: Any, check: Callable[[], None] | None = None):
        self.model, self.kind, self._check = model, kind, check
        self.watched = callbacks.watches_batches(kind)
        self.needed = callbacks.needs_batch_logs(kind)
        self._run: Callable | None = None
        self._singly = False
        if isinstance(source, ArraySource):
            source.move_to(model._backend)

    def __call__(self, batches: list) -> Any:
        """Run the step on each batch; returns the logs of the last, or the outputs of all."""
        run = self.ready(lambda: batches[0])
        if len(batches) > 1 and not self._singly:
            try:
                return run(*batches)
            except step.NotTraced:
                self._singly = True
        results = [run(batch) for batch in batches]
        return sum(results, []) if self.kind == "predict" else results[-1]

    def ready(self, batch: Callable[[], Any]) -> Callable:
        """Make the state, from the first batch, and the step, unless they are there; returns the step."""
        if self._run is not None:
            return self._run
        step.prepare(self.model, self.kind, batch())
        if self._check is not None:
            self._check()
            self._check = None
        return self.renewed()

    @property
    def function(self) -> Callable | None:
        """The compiled step, once a batch has come."""
        return self._run

    def stopped(self) -> bool:
        """Return whether a callback wants no further batches."""
        return bool(getattr(self.model, _STOPS[self.kind], False))

    def renew(self) -> None:
        """Look at the model again with the next batch: a callback may have frozen layers or compiled anew."""
        self._run = None

    def renewed(self) -> Callable:
        """Look at a model that has all its state, and return its compiled step."""
        self._run = self.model._compiled_steps.get(self.model, self.kind, quiet=not self.watched)
        return self._run

    def batch_logs(self, logs: Any) -> Any:
        """Return what callbacks get at the end of a batch: values that stay on the device until they are read."""
        if not self.needed:
            return None
        if not self.watched and step.reports_metrics(self.model, self.kind):
            return self.model.get_metrics_result
        return flat(logs)


def flat(logs: Any) -> dict[str, Any]:
    """Return logs without inner dicts."""
    result: dict[str, Any] = {}
    if logs is not None and not isinstance(logs, dict):
        raise TypeError(
            f"train_step or test_step: the logs are no dict. Expected names and numbers, or None; "
            f"got {type(logs).__name__}. Return a dict such as {{'loss': loss}}."
        )
    for name, value in (logs or {}).items():
        result.update(flat(value) if isinstance(value, dict) else {name: value})
    return result


def in_groups(batches: Iterable, size: int) -> Iterator[list]:
    """Yield lists of `size` batches; what is left over at the end comes one by one."""
    group: list = []
    for batch in batches:
        group.append(pack_x_y_sample_weight(*batch))
        if len(group) == size:
            yield group
            group = []
    for batch in group:
        yield [batch]


def fit(
    model: Any,
    source: Any,
    callbacks: Any,
    epochs: range,
    validate: Callable[[int], dict] | None = None,
    check: Callable[[], None] | None = None,
) -> None:
    """Train for the given epochs.

    Args:
        model: a compiled model.
        source: the `DataSource` of the training data.
        callbacks: a `CallbackList`.
        epochs: numbers of the epochs.
        validate: called with the epoch's number at its end, returns further logs.
        check: called once when the model's state exists, before the first step.
    """
    execution = Execution(model, "train", source, callbacks, check)
    looped = looping.looping_for(execution, source, len(epochs))
    run = execution if looped is not None else replaying.replaying_for(execution, source, len(epochs)) or execution
    not_finite = callbacks_module.NotFiniteWarning()
    warns = not any(isinstance(one, callbacks_module.TerminateOnNaN) for one in callbacks.callbacks)
    logs: dict[str, Any] = {}
    callbacks.on_train_begin()
    for epoch in epochs:
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        if looped is not None and not looped.useless:
            count, last = looped.epoch(epoch, callbacks)
        else:
            count, last = _epoch_singly(execution, run, source, epoch, callbacks)
        if not count:
            _check_not_empty(model, "fit", first=epoch == epochs[0])
            break
        logs = final_logs(model, "train", last)
        if warns:
            callbacks_module.warn_if_not_finite(not_finite, logs, functools.partial(lookups.hint, model))
        if validate is not None:
            logs = dict(sorted({**logs, **validate(epoch)}.items()))
        callbacks.on_epoch_end(epoch, logs)
        execution.renew()
        # Asking a stream may cost it a batch, so it is asked only where another epoch is to come.
        if model.stop_training or (epoch != epochs[-1] and _is_exhausted(source, count)):
            break
    if model.optimizer is not None and len(epochs):
        model.optimizer.finalize_variable_values(model.trainable_variables)
    callbacks.on_train_end(logs)


def _is_exhausted(source: Any, count: int) -> bool:
    if not source.exhausted:
        return False
    if source.num_batches is None or count >= source.num_batches:
        source.warn_ran_out()
    return True


def _epoch_singly(execution: Execution, run: Callable, source: Any, epoch: int, callbacks: Any) -> tuple[int, Any]:
    """Run steps of a training or an evaluation one by one; returns the number of batches and the logs of the last."""
    begin = getattr(callbacks, f"on_{execution.kind}_batch_begin")
    end = getattr(callbacks, f"on_{execution.kind}_batch_end")
    count, logs = 0, None
    with contextlib.closing(source.epoch(epoch)) as batches:
        for group in in_groups(batches, execution.model.steps_per_execution):
            begin(count)
            logs = run(group)
            count += len(group)
            end(count - 1, execution.batch_logs(logs))
            if execution.stopped():
                break
    return count, logs


def evaluate(model: Any, source: Any, callbacks: Any, check: Callable[[], None] | None = None) -> dict[str, Any]:
    """Return loss and metrics over the source as numbers."""
    execution = Execution(model, "test", source, callbacks, check)
    looped = looping.looping_for(execution, source, 1)
    model.stop_evaluating = False
    model.reset_metrics()
    callbacks.on_test_begin()
    if looped is not None:
        count, logs = looped.epoch(0, callbacks)
    else:
        run = replaying.replaying_for(execution, source, 1) or execution
        count, logs = _epoch_singly(execution, run, source, 0, callbacks)
    _check_not_empty(model, "evaluate", first=not count)
    numbers = final_logs(model, "test", logs)
    callbacks.on_test_end(numbers)
    return numbers


class _Results:
    """The outputs of a prediction, put together on the host while the engine is at the next batches."""

    def __init__(self) -> None:
        self._ahead: collections.deque[Callable[[], Any]] = collections.deque()
        self._done: list = []

    def add(self, outputs: list) -> None:
        """Take the outputs of some batches."""
        for one in outputs:
            self.add_later(functools.partial(to_host, one))

    def add_later(self, fetch: Callable[[], Any]) -> None:
        """Take a function that waits for outputs and gives them as NumPy arrays."""
        self._ahead.append(fetch)
        self._fetch(_OUTPUTS_AHEAD)

    def latest(self, rows: int) -> Any:
        """Return the last rows, or fewer of them, as NumPy arrays."""
        self._fetch(0)
        return tree.map_structure(lambda one: one[-rows:], self._done[-1])

    def joined(self) -> Any:
        """Return all outputs as one structure."""
        self._fetch(0)
        if len(self._done) == 1:
            return self._done[0]
        columns = zip(*map(tree.flatten, self._done), strict=True)
        return tree.pack_sequence_as(self._done[0], [np.concatenate(column) for column in columns])

    def _fetch(self, left: int) -> None:
        while len(self._ahead) > left:
            self._done.append(self._ahead.popleft()())


def predict(model: Any, source: Any, callbacks: Any, check: Callable[[], None] | None = None) -> Any:
    """Return the outputs for all batches of the source, joined in order, on the host."""
    execution = Execution(model, "predict", source, callbacks, check)
    results = _Results()
    model.stop_predicting = False
    callbacks.on_predict_begin()
    looped = looping.predicting_for(execution, source, results)
    if looped is not None:
        count, _ = looped.epoch(0, callbacks)
    else:
        count = _predict_singly(execution, source, results, callbacks)
    _check_not_empty(model, "predict", first=not count)
    outputs = results.joined()
    callbacks.on_predict_end()
    return outputs


def _predict_singly(execution: Execution, source: Any, results: _Results, callbacks: Any) -> int:
    """Predict for the batches one by one; returns their number."""
    count = 0
    with contextlib.closing(source.epoch(0)) as batches:
        for group in in_groups(batches, execution.model.steps_per_execution):
            callbacks.on_predict_batch_begin(count)
            outputs = execution(group)
            results.add(outputs)
            count += len(group)
            callbacks.on_predict_batch_end(count - 1, {"outputs": outputs[-1]})
            if execution.stopped():
                break
    return count


def to_host(outputs: Any) -> Any:
    """Return a structure of outputs as NumPy arrays."""
    owner = dispatch.owner_by_type.get(type(outputs))
    if isinstance(owner, Backend):
        return owner.to_numpy(outputs)
    return tree.map_structure(ops.convert_to_numpy, outputs)


def final_logs(model: Any, kind: str, logs: Any) -> dict[str, Any]:
    """Return the numbers of an epoch: the metrics over all its batches where the steps report just those."""
    if step.reports_metrics(model, kind):
        return logs_module.read(model.get_metrics_result())
    last = flat(logs)
    results = flat(model.get_metrics_result())
    if set(results) != set(last):
        return logs_module.read(last)
    # A step that reports its loss without counting it leaves the running mean at nothing.
    uncounted = [metric for metric in model.metrics if metric.name in last and is_unused(metric)]
    return logs_module.read({**results, **{metric.name: last[metric.name] for metric in uncounted}})


def is_unused(metric: Any) -> bool:
    """Return whether a metric is a mean that nothing was put into."""
    return isinstance(metric, metrics_module.Mean) and not float(ops.convert_to_numpy(metric.count))


def _check_not_empty(model: Any, call: str, first: bool) -> None:
    if first:
        raise ValueError(
            f"{model.name}.{call}: the data set is empty. Expected at least one batch; got none. "
            "Pass data, and a fresh generator where one had been used up."
        )

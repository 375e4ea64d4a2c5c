"""What stands around a loop: its callbacks, its validation data, checks of labels, and loops inside of loops."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasfront import callbacks as callbacks_module
from kerasfront import ops
from kerasfront.state import seed, whole
from kerasfront.training import arguments, data, limits, loop, step


def callback_list(
    model: Any, callbacks: Any, verbose: Any, epochs: int, steps: int | None, history: bool = False
) -> Any:
    """Return the `CallbackList` of a loop: what the user passed, with the progress bar and the history."""
    if isinstance(callbacks, callbacks_module.CallbackList):
        if callbacks.model is None:
            callbacks.set_model(model)
        if history and callbacks.history is None:
            callbacks.append(callbacks_module.History())
        return callbacks
    return callbacks_module.CallbackList(
        callbacks,
        add_history=history,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
    )


def validation_source(held_out: Any, batch_size: int | None, steps: int | None, where: str) -> data.DataSource:
    """Return the source for `validation_data`: a tuple or list of arrays, or a data set."""
    name = f"{where}, validation_data"
    parts = (held_out,)
    if isinstance(held_out, (tuple, list)):
        if not 1 <= len(held_out) <= 3:
            raise ValueError(
                f"{name}: {len(held_out)} items came. Expected (x, y), (x, y, sample_weight) or a data set; "
                f"got a {type(held_out).__name__} of {len(held_out)}. Group several inputs in a list or dict."
            )
        parts = tuple(held_out)
    return whole_pass(*(*parts, None, None)[:3], batch_size, steps, name)


def whole_pass(x: Any, y: Any, sample_weight: Any, batch_size: int | None, steps: int | None, where: str) -> Any:
    """Return the source of data that is gone through in order, from the start each time."""
    found = data.source_from(
        x, y, sample_weight, batch_size=batch_size, steps_per_epoch=steps, repeat=False, name=where
    )
    return limits.limited_steps(found, where)


def order_seed(model: Any, fresh: bool) -> int:
    """Return the seed of the order of the samples: a new one for a new training, the last one to go on with it."""
    if fresh or model._order_seed is None:
        model._order_seed = seed.make_default_seed()
    return model._order_seed


class Validation:
    """Evaluates on held out data after those epochs that it is due for.

    Args:
        model: whom.
        source: the held out data.
        frequency: every so many epochs, or a set of epochs counted from one.
        callbacks: the `CallbackList` of the surrounding `fit`.
        where: the caller, for messages.
    """

    def __init__(self, model: Any, source: data.DataSource, frequency: Any, callbacks: Any, where: str):
        self._model, self._source, self._frequency, self._callbacks = model, source, frequency, callbacks
        self._check: Any = functools.partial(check_labels, model, source, f"{where}, validation_data")

    def __call__(self, epoch: int) -> dict[str, Any]:
        """Return the logs, "val_" before each name; none where it is not due."""
        number = epoch + 1
        due = number in self._frequency if isinstance(self._frequency, frozenset) else number % self._frequency == 0
        if not due:
            return {}
        logs = loop.evaluate(self._model, self._source, self._callbacks, self._check)
        self._check = None
        return {f"val_{name}": value for name, value in logs.items()}


@contextlib.contextmanager
def running(model: Any) -> Iterator[None]:
    """Note that the model is being fitted, so that loops in callbacks give back the metrics as they were."""
    with kept_metrics(model):
        model._fits_running += 1
        try:
            yield
        finally:
            model._fits_running -= 1


@contextlib.contextmanager
def kept_metrics(model: Any) -> Iterator[None]:
    """Give back the metrics as they were, if a surrounding `fit` of the same model still needs them."""
    if not model._fits_running:
        yield
        return
    variables = [variable for metric in model.metrics for variable in metric.variables]
    values = [np.array(ops.convert_to_numpy(variable.value)) for variable in variables]
    try:
        yield
    finally:
        with whole.together():
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)


def check_labels(model: Any, source: Any, where: str) -> None:
    """Check once, where all data is in memory, the integers in it: class labels and what embeddings look up."""
    everything = getattr(source, "arrays", None)
    if everything is not None:
        check_host_inputs(model, everything[0], where)
        check_host_labels(model, everything[1], where)


def check_host_labels(model: Any, y: Any, where: str) -> None:
    """Check labels that lie on the host: classes against the widths of the outputs, and probabilities."""
    compiled = model._compilation.loss if model._compilation is not None else None
    if compiled is not None and compiled.built and y is not None:
        compiled.check_host_labels(where, y)


def check_host_inputs(model: Any, x: Any, where: str) -> None:
    """Check integers that lie on the host and go straight into an embedding against the size of its table."""
    graph = getattr(model, "_graph", None)
    if graph is None or not graph.lookups:
        return
    for position, size, layer in graph.lookups:
        name, values = graph.input_at(x, position)
        arguments.check_indices(where, values, size, layer, name)


def warn_of_nothing_to_train(model: Any, where: str) -> None:
    """Warn if the default step would change nothing, since no weight is trainable."""
    if not model.trainable_variables and step.is_default(model, "train_step"):
        warnings.warn(
            f"{where}: nothing is trained, since the model has no trainable weights. Expected at least one; got "
            f"{len(model.variables)} that are not. Set `trainable = True`, or call evaluate().",
            UserWarning,
            stacklevel=3,
        )

"""One step of training, testing and prediction, and how it is made fast.

`train`, `test` and `predict` are what the steps of a `Trainer` do by default. `Steps` keeps the compiled form of
a model's steps: they are made when first needed and made anew after `compile()` or when layers were frozen.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from kerasfront import tree
from kerasfront.backend import forking, masks, registry
from kerasfront.backend.symbolic import KerasTensor, symbolic_call
from kerasfront.state import interrupts, scope, structure, thread_state, whole
from kerasfront.state.function import Function, value_and_grad
from kerasfront.training import keeping, lookups, targets
from kerasfront.utils.batch_format import pack_x_y_sample_weight, unpack_x_y_sample_weight

# Guards the making of compiled steps only, never their runs: several threads may ask for the first one at once.
_making = forking.lock()
# Forms of the batches for which predictions in loops have a step.
_MOST_FORMS = 4


def run_next(model: Any, kind: str, iterator: Any) -> Any:
    """Run a compiled step on the next batch of an iterator."""
    batch = pack_x_y_sample_weight(*unpack_x_y_sample_weight(next(iterator)))
    prepare(model, kind, batch)
    result = model._compiled_steps.get(model, kind)(batch)
    return result[0] if kind == "predict" else result


def train(model: Any, data: Any, judge: Callable) -> Any:
    """Take one optimizer step, count the loss, and return what `judge(x, y, y_pred, sample_weight)` says."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    optimizer = model.optimizer
    variables = model.trainable_variables
    if optimizer is None:
        raise ValueError(
            f"{model.name}.fit: there is no optimizer. Expected one in compile(); got None. "
            "Call model.compile(optimizer='adam', ...), or evaluate() to judge only."
        )

    def forward() -> tuple[Any, tuple]:
        y_pred = model(x, training=True)
        loss = _loss(model, x, y, y_pred, sample_weight, training=True)
        # Masks do not travel with tensors out of a differentiated function, so they are handed out beside them.
        return optimizer.scale_loss(loss), (loss, y_pred, tree.map_structure(masks.get_mask, y_pred))

    if variables:
        (_, (loss, y_pred, mask)), gradients = value_and_grad(forward, variables, has_aux=True)
        _check_gradients(model, gradients, variables)
    else:
        _, (loss, y_pred, mask) = forward()
    _put_masks(y_pred, mask)
    count_loss(model, x, loss)
    logs = judge(x, y, y_pred, sample_weight)
    # Last, because an engine may change weights in place: what can fail has been done by then.
    if variables:
        with whole.finishing():
            optimizer.apply(gradients, variables)
    return logs


def test(model: Any, data: Any, judge: Callable) -> Any:
    """Run the model for inference, count the loss, and return what `judge(x, y, y_pred, sample_weight)` says."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    y_pred = model(x, training=False)
    loss = _loss(model, x, y, y_pred, sample_weight, training=False)
    count_loss(model, x, loss)
    return judge(x, y, y_pred, sample_weight)


def _loss(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
    """Ask the model for its loss; an own `compute_loss` need not take `training`."""
    if model._loss_takes_training:
        return model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
    return model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)


def predict(model: Any, data: Any) -> Any:
    """Run the model for inference."""
    x, _, _ = unpack_x_y_sample_weight(data)
    return model(x, training=False)


def count_loss(model: Any, x: Any, loss: Any) -> None:
    """Put the loss into the running mean of the epoch, weighted by the number of samples."""
    leaves = [leaf for leaf in tree.flatten(x) if leaf is not None]
    model._compilation.loss_tracker.update_state(loss, sample_weight=targets.batch_size(leaves[0]) if leaves else None)


def count_metrics(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
    """Put a batch into the compiled metrics."""
    if model._compilation is not None and model._compilation.metrics is not None:
        model._compilation.metrics.update_state(y, y_pred, sample_weight=sample_weight)


def _put_masks(outputs: Any, found: Any) -> None:
    for tensor, mask in zip(tree.flatten(outputs), tree.flatten(found), strict=True):
        if mask is not None:
            masks.set_mask(tensor, mask)


def _check_gradients(model: Any, gradients: list, variables: list) -> None:
    # Where only some are missing the optimizer says which.
    if all(gradient is None for gradient in gradients):
        raise ValueError(
            f"{model.name}.fit: the loss does not depend on any weight. Expected a gradient for at least one of "
            f"{len(variables)} trainable weights; got none. Compute the loss from the outputs of the model."
        )


class NotTraced(Exception):
    """Several steps in one call gain nothing, because this engine runs them as plain Python.

    One call for each keeps a failure in a later step from undoing, or half undoing, the earlier ones.
    """


class Steps:
    """The compiled steps of one model, by what they do and how many batches they take."""

    def __init__(self) -> None:
        self._functions: dict[tuple, Callable] = {}
        self._keeping: dict[tuple, keeping.Keeping] = {}
        self._compilation: Any = None
        self._tables: tuple[int, list] = (-1, [])

    def __reduce__(self) -> tuple:
        # Compiled code belongs to one process; a copy of the model compiles again.
        return Steps, ()

    def get(self, model: Any, kind: str, quiet: bool = False, fresh: bool = False) -> Callable:
        """Return the compiled step `run(*batches)`.

        Args:
            model: whose step.
            kind: "train", "test" or "predict".
            quiet: leave out the results of metrics, nobody reads them after each step.
            fresh: forget the metrics' earlier batches first.
        """
        quiet = quiet and reports_metrics(model, kind)
        eager, jit = model.run_eagerly, model.jit_compile
        key = (kind, quiet, fresh, eager, jit, model._backend.name, _state_key(model, kind))
        with _making:
            self._look_at(model._compilation)
            found = self._functions.get(key)
            if found is None:
                for old in [other for other in self._functions if other[:6] == key[:6]]:
                    del self._functions[old]
                body = _body(model, kind, quiet, fresh)
                found = self._functions[key] = _function(body, model, state_of(model, kind), (kind, quiet, fresh))
        return found

    def keeping(self, model: Any, batch: Any, batch_size: int) -> keeping.Keeping:
        """Return the compiled step of predictions in loops.

        Args:
            model: whose step.
            batch: what its batches look like.
            batch_size: samples in each.
        """
        leaves, spec = tree.flatten_with_spec(batch)
        forms = tuple(None if leaf is None else (leaf.shape[1:], str(leaf.dtype)) for leaf in leaves)
        key = (spec, forms, batch_size, model.jit_compile, model._backend.name)
        with _making:
            self._look_at(model._compilation)
            found = self._keeping.get(key)
            if found is None:
                if len(self._keeping) >= _MOST_FORMS:
                    self._keeping.clear()
                body = _body(model, "predict", False, False)
                found = self._keeping[key] = keeping.Keeping(body, batch_size)
                if model._graph is not None:
                    # Takes less time than to trace the step twice, for which the Variables have to be there.
                    symbolic = tree.map_structure(_spec, batch)
                    found.make_room(symbolic_call(functools.partial(predict, model), symbolic))
                variables = [*state_of(model, "predict"), *found.variables]
                found.function = _function(found.step, model, variables, ("keep", forms, batch_size))
        return found

    def _look_at(self, compilation: Any) -> None:
        if self._compilation is not compilation:
            self._functions, self._keeping, self._compilation = {}, {}, compilation

    def tables(self, model: Any) -> list:
        """Return the model's layers that look integers up; remembered until an attribute of some layer is set."""
        now = structure.changes()
        if self._tables[0] != now:
            self._tables = now, lookups.tables_of(model)
        return self._tables[1]

    def clear(self, kind: str) -> None:
        """Forget the compiled steps of one kind."""
        with _making:
            self._functions = {key: value for key, value in self._functions.items() if key[0] != kind}
            if kind == "predict":
                self._keeping = {}


def _function(body: Callable, model: Any, variables: list, which: tuple) -> Function:
    """Return a body, which is told from others by `which`, as a compiled step of a model."""
    jit = model.jit_compile
    for variable in variables:
        # Metrics and optimizers may have been made while another engine was active.
        variable.move_to(model._backend)
    return Function(
        body,
        variables=variables,
        jit_compile=None if jit == "auto" else jit,
        eager=model.run_eagerly,
        # Steps of one model take turns: a prediction in another thread sees the state of whole steps.
        lock=model._lock,
        likeness=lambda variables: _likeness(model, variables, which),
    )


def _likeness(model: Any, variables: list, which: tuple) -> Any:
    found = model._likeness(variables)
    return found and (which, found)


def on_own_engine(method: Callable) -> Callable:
    """Let a method run with the model's engine as the active one."""

    @functools.wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        active, before = registry._active, thread_state.noted()
        # Not as a context: nothing may come between an interrupt and putting back.
        active.backend = self._backend
        try:
            result = method(self, *args, **kwargs)
        except BaseException:
            thread_state.put_back(before)
            raise
        active.backend = before[0]
        return result

    return run


def default(method: Callable) -> Callable:
    """Mark a method of `Trainer` as the default one, so that an overriding one can be told from it."""
    method.is_default = True  # type: ignore[attr-defined]
    return method


def takes_argument(function: Callable, name: str) -> bool:
    """Return whether a function takes an argument of that name."""
    parameters = inspect.signature(function).parameters
    return name in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def is_default(model: Any, *names: str) -> bool:
    """Return whether the model's class overrides none of the named methods."""
    return all(getattr(getattr(type(model), name), "is_default", False) for name in names)


def reports_metrics(model: Any, kind: str) -> bool:
    """Return whether the logs of a step are just the results of the model's metrics, hence can be had afterwards."""
    return kind != "predict" and is_default(model, f"{kind}_step", "compute_metrics")


def _body(model: Any, kind: str, quiet: bool, fresh: bool) -> Callable:
    """Return the function of several batches that is to be compiled."""
    step = getattr(model, f"{kind}_step")

    def quiet_step(data: Any) -> dict:
        (train if kind == "train" else test)(model, data, functools.partial(count_metrics, model))
        return {}

    one = quiet_step if quiet else step

    memory: dict = {}

    def run_all(batches: tuple) -> Any:
        if len(batches) > 1 and not registry.active().tracing():
            raise NotTraced
        if fresh:
            model.reset_metrics()
        results = []
        for data in batches:
            # Losses and metrics leave out what the masks of the outputs leave out.
            with masks.mask_scope():
                results.append(one(data))
        return results if kind == "predict" else results[-1]

    def run(*batches: Any) -> Any:
        if model.run_eagerly:
            return run_all(batches)
        with structure.remembering(memory):
            return run_all(batches)

    # Messages name it.
    run.__qualname__ = f"{model.name}.{kind}_step"
    return run


def state_of(model: Any, kind: str) -> list:
    """Return the Variables that a step of this kind reads or assigns."""
    variables = list(model.variables)
    if kind != "predict" and model._compilation is not None:
        variables += [variable for metric in model.metrics for variable in metric.variables]
        if kind == "train" and model.optimizer is not None:
            variables += model.optimizer.variables
    return list({id(variable): variable for variable in variables}.values())


def _state_key(model: Any, kind: str) -> tuple:
    """Return what makes a compiled step stale beside `compile`: layers that were frozen, another optimizer."""
    if kind != "train":
        return ()
    return id(model.optimizer), *map(id, model.trainable_variables)


def prepare(model: Any, kind: str, data: Any) -> None:
    """Make all state that a step needs before the step is compiled: weights, optimizer slots, metrics.

    The model, the losses and the metrics run once on shapes alone.

    Args:
        model: whose state.
        kind: "train", "test" or "predict".
        data: a batch.
    """
    if kind == "predict" and model.built:
        return
    with _making, interrupts.deferred():
        compilation = model._compilation if kind != "predict" else None
        pending = (
            [part for part in (compilation.loss, compilation.metrics) if part and not part.built] if compilation else []
        )
        if (pending or not model.built) and (model._has_call or is_default(model, f"{kind}_step")):
            x, y, _ = unpack_x_y_sample_weight(tree.map_structure(_spec, data))
            with whole.kept_on_failure(pending), scope.dropping():
                y_pred = symbolic_call(lambda inputs: model(inputs, training=kind == "train"), x)
                for part in pending:
                    if compilation is not None and compilation.loss is not None and part is compilation.metrics:
                        part.labelled = compilation.loss.labelled
                    part.build(y, y_pred, getattr(model, "output_names", None))
        if kind == "train" and model.optimizer is not None and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)


def _spec(value: Any) -> Any:
    """Return a symbolic tensor like one leaf of a batch, with any number of samples."""
    if value is None or not hasattr(value, "shape"):
        return value
    shape = tuple(value.shape)
    return KerasTensor((None, *shape[1:]) if shape else (), dtype=value.dtype)

"""`model(x)` for inference through one compiled function, on engines that compile.

Each op of an eager call costs such an engine a multiple of what it costs in a compiled function. So the second call
like one before (one tensor or host array of the same shape and type, no gradients, nothing traced around it) is
compiled, if the first has shown that nothing in it looks at numbers, and if the model is made of the library's layers.
Setting any attribute of a layer leads to a look at all of them, and to compiling anew if one is another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import config, tree
from kerasfront.backend import dispatch, masks, registry
from kerasfront.layers.calling import calls
from kerasfront.layers.layer import Layer
from kerasfront.state import scope, structure
from kerasfront.state.function import MOST_ROUNDS, TENSOR, MoreState, Pure
from kerasfront.training import facts

# Beyond so many shapes a model is called with ever new ones.
_MOST_FORMS = 16
# Host arrays of these are tensors of the same type on every engine.
_PLAIN = (np.float32, np.int32)
_ONE_ARGUMENT = tree.flatten_with_spec((0,))[1]


def _stays_eager(inputs: Any) -> None:
    return None


class Forward:
    """The compiled calls of one model.

    Args:
        model: a built one.
    """

    def __init__(self, model: Any):
        self._model: Any = model
        self._backend: Any = model._backend
        self._changes = structure.changes()
        self._facts = _facts_of(model)
        self._forms: dict[tuple, Callable] = {}

    def __reduce__(self) -> tuple:
        # Compiled code belongs to one process; a copy of the model compiles again.
        return type(None), ()

    def __call__(self, inputs: Any, training: bool | None) -> Any:
        """Return the outputs for a tensor, or None where the call has to run eagerly."""
        if self._facts is None or scope.state.frames or calls.context is not None or scope.state.autocast is not None:
            return None
        if masks._masks.table:
            return None
        backend = self._model._backend
        if dispatch.owner_by_type.get(type(inputs)) is not backend:
            inputs = self._from_host(inputs, backend)
            if inputs is None:
                return None
        if backend.is_traced(inputs) or backend.tracing():
            return None
        if structure.changes() != self._changes or self._backend is not backend:
            self._look_again()
        form = inputs.shape, inputs.dtype, training, config.floatx(), config.epsilon()
        found = self._forms.get(form)
        return self._new(form, inputs, training) if found is None else found(inputs)

    def _from_host(self, inputs: Any, backend: Any) -> Any:
        """Return a host array in the form that compiled calls take fastest, None for what has to run eagerly."""
        if type(inputs) is not np.ndarray:
            return None
        if inputs.dtype == np.float64 and self._model.autocast and self._model.compute_dtype == "float32":
            inputs = inputs.astype("float32")
        return backend.compiled_input(inputs) if inputs.dtype in _PLAIN else None

    def _look_again(self) -> None:
        found = _facts_of(self._model)
        if found != self._facts or self._model._backend is not self._backend:
            self._backend, self._facts, self._forms = self._model._backend, found, {}
        self._changes = structure.changes()

    def _new(self, form: tuple, inputs: Any, training: bool | None) -> Any:
        """Run a call of a new form eagerly, and see whether it may be compiled the next time."""
        if len(self._forms) >= _MOST_FORMS:
            return None
        before = dispatch.looks.count
        outputs = Layer.__call__(self._model, inputs, **({} if training is None else {"training": training}))
        # Losses that layers add at a call are tensors of that call.
        bound = dispatch.looks.count != before or calls.losses.get(self._model)
        self._forms[form] = _stays_eager if bound else lambda one: self._compile(form, one, training)
        return outputs

    def _compile(self, form: tuple, inputs: Any, training: bool | None) -> Any:
        """Compile the calls of a form; those that turn out to have effects stay eager."""
        model, backend = self._model, self._backend
        further = {} if training is None else {"training": training}
        self._forms[form] = _stays_eager
        variables = list(model.variables)
        for _ in range(MOST_ROUNDS):
            pure = Pure(lambda one: Layer.__call__(model, one, **further), variables, _ONE_ARGUMENT, (TENSOR,))
            run: Any = backend.compile(pure, None)
            try:
                with registry.scope(backend):
                    run([variable.handle for variable in variables], [inputs])
                break
            except MoreState as more:
                variables += more.variables
            except Exception:  # noqa: BLE001 - what cannot be traced runs eagerly, and says there what is wrong
                return None
        else:
            return None
        if pure.written or any(static is not None for static in pure.form.output_statics):
            return None

        def compiled(one: Any) -> Any:
            return pure.rebuild(run([variable.handle for variable in variables], [one])[0])

        if tree.flatten_with_spec(0)[1] == pure.form.output_spec:

            def compiled(one: Any) -> Any:
                return run([variable.handle for variable in variables], [one])[0][0]

        self._forms[form] = compiled
        return compiled(inputs)


def _facts_of(model: Any) -> Any:
    """Return what calls of the model depend on; None where they have to be eager."""
    layers = model._flatten_layers()
    if not model.built or not all(facts.is_ours(type(layer)) for layer in layers):
        return None
    # Of models the layers matter, not how they are trained.
    return facts.facts_among([one if not hasattr(one, "_graph") else (id(one), id(one._graph)) for one in layers])

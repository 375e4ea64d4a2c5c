"""The base of all metrics: state, its updates, and its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import initializers, naming, ops, tree
from kerasfront.losses.loss import computation_dtype
from kerasfront.state import scope, whole
from kerasfront.state.variable import Variable, name_scope


class Metric:
    """A number that is gathered over batches.

    A subclass makes its variables with `add_variable` in `__init__`, changes them in `update_state` and computes
    the number in `result`. Both run inside compiled steps: write them with `kerasfront.ops`.

    Args:
        dtype: of the state, a name or a dtype policy; None for the default float type.
        name: of the metric; made from the class name by default.

    Raises:
        ValueError: unknown dtype.

    Example:
        >>> import kerasfront as keras
        >>> class Largest(keras.metrics.Metric):
        ...     def __init__(self, name="largest", dtype=None):
        ...         super().__init__(dtype=dtype, name=name)
        ...         self.value = self.add_variable((), "zeros", name="value")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.value.assign(keras.ops.maximum(self.value, keras.ops.max(y_pred)))
        ...     def result(self):
        ...         return self.value
        >>> metric = Largest()
        >>> metric.update_state([0.0], [3.0])
        >>> float(metric.result())
        3.0
    """

    # By this a layer knows that an attribute holds a metric.
    _keeps_variables = True

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        self._dtype = computation_dtype(dtype)
        self._variables: list[Variable] = []
        self._parts: list[Metric] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parts" in self.__dict__ and isinstance(value, (Metric, Variable, list, tuple, dict)):
            leaves = tree.flatten(value)
            self._parts.extend(leaf for leaf in leaves if isinstance(leaf, Metric))
            self._variables.extend(leaf for leaf in leaves if isinstance(leaf, Variable))
        super().__setattr__(name, value)

    @property
    def dtype(self) -> str:
        """The name of the dtype of the state."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The state: own variables first, then those of metrics kept as attributes, also in lists and dicts."""
        found = [*self._variables, *(variable for part in self._parts for variable in part.variables)]
        return list({id(variable): variable for variable in found}.values())

    def add_variable(
        self,
        shape: tuple[int, ...],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to the state.

        Args:
            shape: of the variable.
            initializer: its value at the start: a name, an initializer, or a function of shape and dtype.
            dtype: of the variable; the metric's by default.
            aggregation: how copies on several devices are brought together.
            name: of the variable.
        """
        with name_scope(self.name):
            variable = Variable(
                np.zeros(tuple(shape))
                if isinstance(initializer, str) and initializer == "zeros"
                else initializers.get(initializer),
                shape=tuple(shape),
                dtype=self._dtype if dtype is None else dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: tuple[int, ...] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Make a variable that belongs to the state; see `add_variable`. It starts with zeros by default."""
        return self.add_variable(shape, "zeros" if initializer is None else initializer, dtype=dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Count a batch. Subclasses implement it."""
        raise NotImplementedError(f"{type(self).__name__}: a metric needs a method update_state. Write it.")

    def result(self) -> Any:
        """Return the value over all batches counted, a tensor or a dict of tensors. Subclasses implement it."""
        raise NotImplementedError(f"{type(self).__name__}: a metric needs a method result. Write it.")

    def reset_state(self) -> None:
        """Forget all batches: each variable becomes zero."""
        with whole.together():
            for variable in self.variables:
                variable.assign(np.zeros(variable.shape))

    def stateless_update_state(self, metric_variables: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Return the state after a batch, given the state before it; the metric's own state stays.

        Args:
            metric_variables: one value for each of `variables`.
            *args, **kwargs: those of `update_state`.

        Raises:
            ValueError: the number of values differs from that of the variables.
        """
        return self._with_state(metric_variables, lambda: self.update_state(*args, **kwargs))[1]

    def stateless_result(self, metric_variables: list[Any]) -> Any:
        """Return the result for a given state; the metric's own state stays.

        Args:
            metric_variables: one value for each of `variables`.

        Raises:
            ValueError: the number of values differs from that of the variables.
        """
        return self._with_state(metric_variables, self.result)[0]

    def stateless_reset_state(self) -> list[Any]:
        """Return the state of a metric that has seen nothing; the metric's own state stays."""
        return self._with_state([variable.value for variable in self.variables], self.reset_state)[1]

    def _with_state(self, values: list[Any], run: Callable[[], Any]) -> tuple[Any, list[Any]]:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"{self.name}: the state does not fit. Expected {len(variables)} values, one for each of `variables`; "
                f"got {len(values)}. Pass the values of all variables in order."
            )
        values = [
            ops.convert_to_tensor(value, dtype=variable.dtype)
            for variable, value in zip(variables, values, strict=True)
        ]
        with scope.Frame(variables, values) as frame:
            result = tree.map_structure(lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf, run())
        return result, [frame.values[id(variable)] for variable in variables]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count a batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Return a metric with the arguments that `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

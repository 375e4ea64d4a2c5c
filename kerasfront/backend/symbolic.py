"""Symbolic tensors: shape and dtype without values, and the graph that ops and layers record on them.

Shape inference is one more backend (decision D5): an op on symbolic tensors runs the primitive's shape and dtype
rules instead of an engine. A node is recorded for the outermost op or layer only, so that replaying a graph calls
the same op again, overrides and all.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kerasfront import dtypes, tree
from kerasfront.backend.operators import OPS, Operators
from kerasfront.errors import OpError

_names = itertools.count()


class _Recording(threading.local):
    on: bool = True
    depth: int = 0
    noticed: dict[int, KerasTensor] | None = None


_recording = _Recording()


class KerasTensor(Operators):
    """A tensor without values: shape, dtype, name, and the node that made it.

    Args:
        shape: dimensions; None for one that is not known.
        dtype: name of the dtype.
        sparse, ragged: not supported; must be False.
        record_history: whether ops on it record nodes.
        name: for error messages and `summary()`.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.KerasTensor((None, 3))
        >>> keras.ops.matmul(x, keras.KerasTensor((3, 4))).shape
        (None, 4)
    """

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ):
        if sparse or ragged:
            raise ValueError("KerasTensor: sparse and ragged tensors are not supported. Pass dense ones.")
        self.shape = tuple(shape)
        self.dtype = dtypes.standardize_dtype(dtype)
        self.record_history = record_history
        self.sparse = self.ragged = False
        self.name = name or f"keras_tensor_{next(_names)}"
        self.node: Node | None = None
        self.mask: Any = None

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def reshape(self, newshape: Sequence[int]) -> Any:
        """Return the tensor with another shape."""
        return OPS["reshape"](self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """Return the tensor without axes of size 1."""
        return OPS["squeeze"](self, axis)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _no_value(self, what: str, kind: type[Exception] = ValueError) -> Any:
        raise kind(
            f"{self!r}: a symbolic tensor has no {what}. Expected a value, got a placeholder of a model under"
            f" construction. "
            "Use kerasfront.ops, or put the computation into a layer's call()."
        )

    def __array__(self, *_: Any, **__: Any) -> Any:
        self._no_value("values, so it is no NumPy array")

    def __float__(self) -> float:
        return self._no_value("value")

    def __int__(self) -> int:
        return self._no_value("value")

    def __bool__(self) -> bool:
        return self._no_value("truth value", TypeError)

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            self._no_value("length along axis 0")
        return self.shape[0]  # type: ignore[return-value]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape or self.shape[0] is None:
            self._no_value("known length, so it cannot be iterated over")
        return (self[i] for i in range(self.shape[0]))  # type: ignore[arg-type]


class Node:
    """One recorded call: what was called, with what, and the tensors that came out.

    Attributes:
        operation: the op or layer; calling it again with other tensors replays the node.
        arguments: `(args, kwargs)` with symbolic tensors in place.
        inputs: the symbolic tensors among the arguments.
        outputs: the symbolic tensors that came out, flat; `output_structure` holds their nesting.
    """

    def __init__(self, operation: Any, args: tuple, kwargs: dict[str, Any], outputs: Any):
        self.operation = operation
        self.arguments = (args, kwargs)
        self.inputs = [leaf for leaf in tree.flatten(self.arguments) if isinstance(leaf, KerasTensor)]
        self.output_structure = outputs
        self.outputs = [leaf for leaf in tree.flatten(outputs) if isinstance(leaf, KerasTensor)]
        for output in self.outputs:
            output.node = self


def is_keras_tensor(value: Any) -> bool:
    """Return whether the value is a symbolic tensor.

    Example:
        >>> import kerasfront as keras
        >>> keras.backend.is_keras_tensor(keras.Input((3,))), keras.backend.is_keras_tensor(keras.ops.ones((3,)))
        (True, False)
    """
    return isinstance(value, KerasTensor)


def is_symbolic(value: Any) -> bool:
    """Return whether any leaf of a nested structure is a symbolic tensor."""
    return any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(value))


@contextlib.contextmanager
def recording_off() -> Iterator[None]:
    """Return a context in which ops on symbolic tensors infer shapes but record no nodes."""
    previous = _recording.on
    _recording.on = False
    try:
        yield
    finally:
        _recording.on = previous


@contextlib.contextmanager
def recording_on() -> Iterator[None]:
    """Return a context in which nodes are recorded, also within `recording_off`: for a model that makes its graph
    late."""
    previous = _recording.on
    _recording.on = True
    try:
        yield
    finally:
        _recording.on = previous


def record(operation: Any, infer: Callable[[], Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    """Run `infer` without recording and, if this is the outermost call, record one node for it.

    A tensor that `infer` hands through unchanged gets a new identity, so that each node owns its outputs.
    """
    if not _recording.on:
        notice((args, kwargs))
        return infer()
    with recording_off():
        outputs = infer()
    inputs = {id(leaf) for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)}
    outputs = tree.map_structure(lambda leaf: _renewed(leaf) if id(leaf) in inputs else leaf, outputs)
    Node(operation, args, kwargs, outputs)
    return outputs


def notice(structure: Any) -> None:
    """Note the tensors of the graph outside that a function uses, while `record_functions` looks for them."""
    if _recording.noticed is not None:
        for leaf in tree.flatten(structure):
            if isinstance(leaf, KerasTensor) and leaf.node is not None:
                _recording.noticed[id(leaf)] = leaf


def record_functions(operation: Any, infer: Callable[[], Any], args: tuple) -> Any:
    """As `record`, for an op that takes functions; `infer` calls them with new tensors in the places of its arguments.

    Raises:
        OpError: a function closes over a symbolic tensor. It is not in the node, so replaying would find no value for
            it.
    """
    if not _recording.on:
        return infer()
    _recording.noticed = {}
    try:
        outputs = record(operation, infer, args, {})
        noticed = _recording.noticed
    finally:
        _recording.noticed = None
    if noticed:
        raise OpError(
            f"{operation.__name__}: a function closes over {next(iter(noticed.values()))!r}. Expected functions that"
            f" use symbolic tensors only as their arguments. Pass it as one, or put the op into a layer's call()."
        )
    return outputs


def _renewed(tensor: KerasTensor) -> KerasTensor:
    fresh = KerasTensor(tensor.shape, tensor.dtype)
    fresh.mask = tensor.mask
    return fresh


def symbolic_call(function: Callable, *specs: Any, **kwargs: Any) -> Any:
    """Run a function on symbolic tensors without recording.

    Args:
        function: written in ops and layers.
        specs: nested structures of anything with `shape` and `dtype`.

    Returns:
        The function's result with symbolic tensors in place of values.
    """
    tensors = tree.map_structure(
        lambda leaf: KerasTensor(leaf.shape, dtypes.standardize_dtype(leaf.dtype)) if hasattr(leaf, "shape") else leaf,
        specs,
    )
    with recording_off():
        return function(*tensors, **kwargs)

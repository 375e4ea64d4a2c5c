"""What surrounds a layer's `call`: the signature of `call`, and the context that nested calls share."""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Callable
from typing import Any

from kerasfront.backend import dispatch


class CallContext:
    """What the calls inside one outermost call share.

    Attributes:
        entry: the layer called from outside.
        training: the value of `training` for layers that are not told otherwise.
        losses: pairs of layer and tensor from `add_loss`.
    """

    __slots__ = ("entry", "losses", "training")

    def __init__(self, entry: Any, training: bool | None):
        self.entry, self.training = entry, training
        self.losses: list[tuple[Any, Any]] = []


class _Calls(threading.local):
    context: CallContext | None = None

    def __init__(self) -> None:
        # Losses of each layer's last outermost call in this thread.
        self.losses: weakref.WeakKeyDictionary[Any, list] = weakref.WeakKeyDictionary()


calls = _Calls()


class Signature:
    """What can be known of `call` once for all: the names of its arguments and the special ones among them."""

    __slots__ = ("accepts_kwargs", "default_training", "first", "mask_names", "names", "parameters", "training")

    def __init__(self, function: Callable):
        self.parameters = inspect.signature(function).parameters
        kinds = inspect.Parameter
        positional = [
            name
            for name, one in self.parameters.items()
            if one.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
        ]
        self.accepts_kwargs = any(one.kind is kinds.VAR_KEYWORD for one in self.parameters.values())
        self.training = "training" in self.parameters
        self.default_training = self.parameters["training"].default if self.training else None
        self.names = [name for name in positional if name != "training" and not name.endswith("mask")]
        self.first = self.names[0] if self.names else None
        self.mask_names = {}
        for index, name in enumerate(self.names):
            for candidate in (("mask",) if index == 0 else ()) + (f"{name}_mask",):
                if candidate in self.parameters:
                    self.mask_names[name] = candidate
                    break

    def by_name(self, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call by name, without those left out."""
        positional = [name for name, one in self.parameters.items() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        return {**dict(zip(positional, args, strict=False)), **kwargs}


@functools.cache
def signature_of(function: Callable) -> Signature:
    """Return the analysed signature of a `call` function (with `self` left out)."""
    return Signature(functools.partial(function, None)) if _is_plain(function) else Signature(function)


def _is_plain(function: Callable) -> bool:
    return inspect.isfunction(function)


def is_tensor_like(value: Any) -> bool:
    """Return whether a value is a tensor or host array."""
    return dispatch.is_tensor(value)

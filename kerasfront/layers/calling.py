"""What surrounds a layer's `call`: the signature of `call`, and the context that nested calls share."""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Callable
from typing import Any

from kerasfront.backend import dispatch, masks


class CallContext:
    """What the calls inside one outermost call share.

    Attributes:
        entry: the layer called from outside.
        training: the value of `training` for layers that are not told otherwise.
        losses: pairs from `add_loss`: a weak reference to the layer, which what is kept of its last call must not keep
            alive, and a tensor.
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


class Fitting:
    """What the tensor of a layer's last call was like, when nothing had to be done to it.

    A call with one tensor of the same type, dtype and shape needs no conversion, no building and no check either, as
    long as the attributes that decide about these are the same objects. Most calls are of this kind: the layers of
    a model at each step.
    """

    __slots__ = ("autocast", "autocasts", "default_training", "dtype", "kind", "policy", "shape", "spec", "training")

    def __init__(self, layer: Any, signature: Signature, tensor: Any):
        policy = layer.dtype_policy
        self.kind, self.dtype, self.shape = type(tensor), tensor.dtype, tensor.shape
        self.spec, self.policy, self.autocasts = layer.input_spec, policy, layer.autocast
        differ = layer.autocast and policy.compute_dtype != policy.variable_dtype
        self.autocast = policy.compute_dtype if differ else None
        self.training = signature.training
        default = signature.default_training
        self.default_training = None if default is inspect.Parameter.empty else default


def fitting_for(layer: Any, signature: Signature, tensor: Any) -> Fitting | None:
    """Return the record of a call that went through unchanged; None where each call needs a look of its own."""
    special = layer.activity_regularizer is not None or layer._overrides("compute_mask") or not layer.built
    if special or dispatch.owner_by_type.get(type(tensor)) is not layer._backend:
        return None
    return Fitting(layer, signature, tensor)


def fits_again(layer: Any, tensor: Any) -> bool:
    """Return whether a tensor is like that of the layer's record, without a mask, and the layer as it was then."""
    fitting = layer._fitting
    if fitting is None or type(tensor) is not fitting.kind:
        return False
    # `==`: shapes of unknown rank have no `!=` on one engine.
    if tensor.dtype is not fitting.dtype or not tensor.shape == fitting.shape:  # noqa: SIM201
        return False
    table, kept = masks._masks.table, masks._masks.kept
    return not (
        layer.input_spec is not fitting.spec
        or layer.dtype_policy is not fitting.policy
        or layer.autocast is not fitting.autocasts
        or layer.activity_regularizer is not None
        or not layer.built
        or (table and id(tensor) in table)
        or (kept and id(tensor) in kept)
        or dispatch.owner_by_type[fitting.kind] is not layer._backend
    )


def is_tensor_like(value: Any) -> bool:
    """Return whether a value is a tensor or host array."""
    return dispatch.is_tensor(value)

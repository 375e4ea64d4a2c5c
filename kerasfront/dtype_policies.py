"""Dtype policies: in which dtype a layer computes, and in which it keeps its variables."""

from __future__ import annotations

from typing import Any

from kerasfront import config, dtypes, errors
from kerasfront.backend import dispatch

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_global: DTypePolicy | None = None


class DTypePolicy:
    """A pair of dtypes: for computation and for variables.

    Args:
        name: a dtype for both, or "mixed_float16" or "mixed_bfloat16": compute in the half type, keep float32
        variables.

    Raises:
        ValueError: an unknown name.

    Example:
        >>> import kerasfront as keras
        >>> policy = keras.DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    quantization_mode = None

    def __init__(self, name: str | None = None, source_name: str | None = None):
        name = config.floatx() if name is None else name
        if name in _MIXED:
            self._compute, self._variable = _MIXED[name], "float32"
        else:
            try:
                self._compute = self._variable = name = dtypes.standardize_dtype(name)
            except ValueError:
                raise errors.unknown_name("dtype policy", name, (*_MIXED, *dtypes.NAMES)) from None
        self._name = name

    @property
    def name(self) -> str:
        """The name it was made from."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype of the layer's inputs and computation."""
        return self._compute

    @property
    def variable_dtype(self) -> str:
        """The dtype of the layer's variables."""
        return self._variable

    def convert_input(self, x: Any, autocast: bool, dtype: str) -> Any:
        """Return a tensor for a host array, and floats in the compute dtype if `autocast`."""
        from kerasfront.ops.creation import convert_to_tensor
        from kerasfront.ops.elementwise import cast

        if not dispatch.is_tensor(x):
            return convert_to_tensor(x, dtype) if hasattr(x, "__array__") else x
        if autocast and dtypes.is_float(dispatch.dtype_of(x)) and dispatch.dtype_of(x) != dtype:
            return cast(x, dtype)
        return x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal policy."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Make a policy from `get_config`'s result."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


FloatDTypePolicy = DTypePolicy


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none."""
    return _global or DTypePolicy(config.floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are given none; None goes back to the default float type.

    Example:
        >>> import kerasfront as keras
        >>> keras.config.set_dtype_policy("mixed_bfloat16")
        >>> keras.config.set_dtype_policy(None)
    """
    global _global
    _global = None if policy is None else get(policy)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy meant by None, a name, a dtype, a config or a policy."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        inner = identifier.get("config", identifier)
        return DTypePolicy(inner["name"])
    return DTypePolicy(identifier if identifier in _MIXED else dtypes.standardize_dtype(identifier))


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a policy as plain data, in the format of Keras 3."""
    config = dtype_policy.get_config()
    return {"module": "keras", "class_name": "DTypePolicy", "config": config, "registered_name": None}


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """Return the policy from what `serialize` gave.

    Args:
        config: the data.
        custom_objects: accepted for the Keras signature; there are no policies of other classes.

    Example:
        >>> import kerasfront as keras
        >>> policy = keras.DTypePolicy("mixed_bfloat16")
        >>> keras.dtype_policies.deserialize(keras.dtype_policies.serialize(policy)) == policy
        True
    """
    return get(config)

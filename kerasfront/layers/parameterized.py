"""The arguments that layers with a kernel and a bias share."""

from __future__ import annotations

from typing import Any

from kerasfront import activations, constraints, initializers, regularizers

_KINDS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
_DEFAULTS = {
    "kernel_initializer": "glorot_uniform",
    "recurrent_initializer": "orthogonal",
    "bias_initializer": "zeros",
    "embeddings_initializer": "uniform",
    "beta_initializer": "zeros",
    "gamma_initializer": "ones",
    "moving_mean_initializer": "zeros",
    "moving_variance_initializer": "ones",
}


class Parameterized:
    """A mixin for layers whose variables have initializers, regularizers and constraints as arguments.

    A subclass lists the variables in `_parameters`, such as ("kernel", "bias"), and passes its `__init__`'s
    `<parameter>_<kind>` arguments to `_take`.
    """

    _parameters: tuple[str, ...] = ()

    def _take(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take the arguments out of `given` and keep their objects as attributes; return what is left.

        A name that is left out takes the default; unknown ones stay for the base class to refuse.
        """
        rest = dict(given)
        for parameter in self._parameters:
            for kind, module in _KINDS.items():
                name = f"{parameter}_{kind}"
                setattr(self, name, module.get(rest.pop(name, _DEFAULTS.get(name))))
        return rest

    def _options(self, parameter: str) -> dict[str, Any]:
        """Return the arguments of `add_weight` for a variable."""
        return {kind: getattr(self, f"{parameter}_{kind}") for kind in _KINDS}

    def _parameter_config(self) -> dict[str, Any]:
        """Return the arguments as plain data."""
        return {
            f"{parameter}_{kind}": module.serialize(getattr(self, f"{parameter}_{kind}"))
            for parameter in self._parameters
            for kind, module in _KINDS.items()
        }


def serialize_activation(activation: Any) -> Any:
    """Return an activation as plain data; None for the identity."""
    return activations.serialize(activation)

"""The arguments that layers with a kernel and a bias share."""

from __future__ import annotations

from typing import Any

from kerasfront import activations, constraints, initializers, regularizers

_KINDS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class Parameterized:
    """A mixin for layers whose variables have initializers, regularizers and constraints as arguments.

    A subclass lists the variables in `_parameters`, such as ("kernel", "bias"), and hands the arguments of its
    `__init__`, among them `<parameter>_<kind>`, to `_take`.
    """

    _parameters: tuple[str, ...] = ()

    def _take(self, arguments: dict[str, Any]) -> None:
        """Keep the objects for the arguments as attributes.

        Args:
            arguments: by name, `locals()` of an `__init__`; others than those of the parameters are passed over.
        """
        for parameter in self._parameters:
            for kind, module in _KINDS.items():
                name = f"{parameter}_{kind}"
                setattr(self, name, module.get(arguments[name]))

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


def activated(activation: Any, outputs: Any) -> Any:
    """Return the outputs after an activation, which may be None or the identity."""
    return outputs if activation is None or activation is activations.linear else activation(outputs)


def serialize_activation(activation: Any) -> Any:
    """Return an activation as plain data; None for the identity."""
    return activations.serialize(activation)

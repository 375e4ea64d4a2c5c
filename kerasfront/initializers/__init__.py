"""Initializers: classes, their Keras names, and `get`, `serialize` and `deserialize`."""

from __future__ import annotations

from typing import Any

from kerasfront import naming, ops, registration
from kerasfront.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from kerasfront.initializers.initializer import Initializer
from kerasfront.initializers.random_draws import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

_CLASSES: tuple[type[Initializer], ...] = (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones, Orthogonal,
    RandomNormal, RandomUniform, STFT, TruncatedNormal, VarianceScaling, Zeros,
)  # fmt: skip

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
STFTInitializer = STFT
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
stft = STFT
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

_TABLE: dict[str, Any] = {
    **{one.__name__: one for one in _CLASSES},
    **{naming.to_snake_case(one.__name__): one for one in _CLASSES},
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "STFTInitializer": STFT,
    "normal": RandomNormal,
    "one": Ones,
    "uniform": RandomUniform,
    "zero": Zeros,
}

__all__ = [one.__name__ for one in _CLASSES] + ["Initializer", "RandomInitializer", "deserialize", "get", "serialize"]


def get(identifier: Any) -> Any:
    """Return the initializer that `identifier` stands for.

    Args:
        identifier: a name ("glorot_uniform", "GlorotUniform"), a class, an object, a function of shape and dtype, the
            data of an initializer, an array (which becomes a `Constant`), or None.

    Raises:
        ValueError: unknown; the message has the nearest right name.

    Example:
        >>> import kerasfront as keras
        >>> keras.ops.convert_to_numpy(keras.initializers.get("ones")((2,)))
        array([1., 1.], dtype=float32)
    """
    if ops.is_tensor(identifier):
        return Constant(identifier)
    return registration.resolve("initializer", identifier, _TABLE)


def serialize(initializer: Any) -> Any:
    """Return an initializer as plain data, in the format of Keras 3."""
    return registration.serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the initializer from what `serialize` gave.

    Args:
        config: the data.
        custom_objects: classes and functions of your own, by name.

    Raises:
        ValueError: the data name no known initializer.
    """
    return registration.resolve("initializer", config, _TABLE, custom_objects)

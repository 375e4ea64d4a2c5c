"""Layers that change shapes, apply a function, or scale: without variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasfront import activations, config, ops, registration
from kerasfront.layers.arguments import positive_int
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer


class Activation(Layer):
    """Apply an activation function.

    Args:
        activation: a name or function.
    """

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Apply the function."""
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class Flatten(Layer):
    """Put all axes but the batch into one: (batch, ...) -> (batch, product). A vector of samples becomes (batch, 1).

    Args:
        data_format: "channels_first" moves channels last before flattening; None for the default.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """Flatten."""
        shape = ops.shape(inputs)
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = ops.transpose(inputs, (0, *range(2, len(shape)), 1))
        if len(shape) == 1:
            return ops.expand_dims(inputs, -1)
        width = None if None in shape[1:] else math.prod(shape[1:])  # type: ignore[arg-type]
        if width is None:
            # A symbolic result: neither size is known.
            return ops.reshape(inputs, (shape[0], -1))
        return ops.reshape(inputs, (-1 if shape[0] is None else shape[0], width))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """Give each sample another shape: (batch, ...) -> (batch, *target_shape).

    Args:
        target_shape: without the batch axis; one size may be -1.

    Raises:
        ValueError: other sizes, or more than one -1.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        known = [size for size in self.target_shape if size != -1]
        whole = all(hasattr(size, "__index__") and not isinstance(size, bool) and size >= 0 for size in known)
        if not whole or len(known) < len(self.target_shape) - 1:
            raise ValueError(
                f"{self.name}: target_shape is {self.target_shape}. Expected integers of 0 or more and at most one -1."
                f" Correct the argument."
            )

    def call(self, inputs: Any) -> Any:
        """Reshape each sample."""
        batch, *rest = ops.shape(inputs)
        target = self.target_shape
        if -1 in target and None not in rest:
            known = -math.prod(target)
            if known > 0 and math.prod(rest) % known == 0:
                target = tuple(math.prod(rest) // known if size == -1 else size for size in target)
        if batch is None and -1 not in target:
            return ops.reshape(inputs, (-1, *target))
        return ops.reshape(inputs, (batch, *target))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Put the axes of each sample into another order.

    Args:
        dims: the axes, counted from 1, in the new order.
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"{self.name}: dims is {dims}. Expected each of 1 to {len(self.dims)} once. Correct the argument."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """Permute."""
        return ops.transpose(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """Repeat each sample as steps: (batch, features) -> (batch, n, features).

    Args:
        n: number of steps.

    Raises:
        ValueError: n is no positive integer.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.RepeatVector(2)(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[[-2.0, 0.0, 3.0], [-2.0, 0.0, 3.0]]]
    """

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.n = positive_int(self.name, "n", n)
        self.input_spec = InputSpec(ndim=2)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Repeat."""
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "n": self.n}


class Rescaling(Layer):
    """Compute inputs * scale + offset.

    Args:
        scale, offset: numbers or lists that broadcast against the last axes.
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Scale and shift, in the compute dtype."""
        x = ops.cast(inputs, self.compute_dtype)
        scale, offset = (ops.cast(value, self.compute_dtype) for value in (self.scale, self.offset))
        return ops.add(ops.multiply(x, scale), offset)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


class Lambda(Layer):
    """Apply a function of yours.

    Args:
        function: takes the inputs and returns the outputs. To be saved it must be a named, registered function.
        output_shape: shape of the outputs without the batch axis, or a function from the input shape; found by itself
        if None.
        mask: a mask, or a function `(inputs, mask) -> mask`.
        arguments: further keyword arguments of the function.
    """

    def __init__(
        self,
        function: Callable,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not callable(function):
            raise ValueError(
                f"{self.name}: function is {function!r}. Expected something callable. Pass a function of the inputs."
            )
        self.function, self.arguments = function, dict(arguments or {})
        self._output_shape, self.mask = output_shape, mask
        self.supports_masking = mask is not None

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Apply the function."""
        import inspect

        known = inspect.signature(self.function).parameters if inspect.isfunction(self.function) else {}
        extra = {
            name: value
            for name, value in (("mask", mask), ("training", training))
            if name in known and name not in self.arguments
        }
        return self.function(inputs, **self.arguments, **extra)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask stated."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; a lambda cannot be saved."""
        own: dict[str, Any] = {
            "function": registration.serialize_keras_object(self.function),
            "arguments": self.arguments,
        }
        if self._output_shape is not None:
            own["output_shape"] = registration.serialize_keras_object(self._output_shape)
        if self.mask is not None:
            own["mask"] = registration.serialize_keras_object(self.mask)
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: Any = None) -> Any:
        """Make a layer from `get_config`'s result."""
        parts = {
            key: registration.deserialize_keras_object(config[key], custom_objects)
            for key in ("function", "output_shape", "mask")
            if key in config
        }
        return cls(**{**config, **parts})

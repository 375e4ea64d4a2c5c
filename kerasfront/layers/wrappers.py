"""Layers around a layer: both directions of a sequence, every step of a sequence."""

from __future__ import annotations

from typing import Any

from kerasfront import ops, registration
from kerasfront.layers.arguments import one_of
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.state import whole

_MERGES = ("concat", "sum", "mul", "ave", None)


class Wrapper(Layer):
    """A layer that holds another one as `layer`.

    Args:
        layer: the layer inside.

    Raises:
        ValueError: no layer.
    """

    def __init__(self, layer: Layer, **kwargs: Any):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__}: layer is {layer!r}. Expected a Layer instance. Pass one, such as Dense(8)."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "layer": registration.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a layer from plain data."""
        return cls(
            registration.deserialize_keras_object(config["layer"], custom_objects),
            **{key: value for key, value in config.items() if key != "layer"},
        )


class TimeDistributed(Wrapper):
    """Apply a layer to every step of (batch, time, ...) by itself.

    Args:
        layer: for inputs (batch, ...).

    A mask (batch, time, ...) is handed to the layer step by step, if its `call` takes one.
    """

    def __init__(self, layer: Layer, **kwargs: Any):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for one step."""
        if len(input_shape) < 3:
            raise ValueError(
                f"{self.name}: input shape is {tuple(input_shape)}. Expected at least 3 axes: batch, time, and the"
                f" step's own. Add an axis."
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Fold time into the batch, apply the layer, unfold."""
        from kerasfront.layers.calling import signature_of

        shape = ops.shape(inputs)
        folded = ops.reshape(inputs, (-1, *shape[2:])) if None not in shape[2:] else inputs
        signature = signature_of(type(self.layer).call)
        options: dict[str, Any] = {"training": training} if signature.training else {}
        if mask is not None:
            found = ops.shape(mask)
            if len(found) < 2 or any(a != b for a, b in zip(found, shape[:2], strict=False) if None not in (a, b)):
                raise ValueError(
                    f"{self.name}: mask has shape {found} for inputs of shape {shape}. Expected it to begin with"
                    f" {shape[:2]}: batch and time. Pass one value for each step."
                )
            # Of each step a recurrent layer wants a mask of its own axis of time.
            if "mask" in signature.parameters and (len(found) > 2 or not hasattr(self.layer, "return_sequences")):
                options["mask"] = ops.reshape(mask, (-1, *found[2:]))
        outputs = self.layer(folded, **options)
        inner = ops.shape(outputs)[1:]
        if shape[0] is not None and shape[1] is not None:
            return ops.reshape(outputs, (shape[0], shape[1], *inner))
        if shape[1] is not None:
            return ops.reshape(outputs, (-1, shape[1], *inner))
        return ops.reshape(outputs, (shape[0], shape[1], *inner))


class Bidirectional(Wrapper):
    """Run a recurrent layer forwards and a copy of it backwards, and merge the outputs.

    Args:
        layer: recurrent, such as LSTM(8).
        merge_mode: "concat", "sum", "mul", "ave", or None for a list of both.
        weights: first weights of both.
        backward_layer: the layer for the other direction; a copy for None.

    Notes:
        With `return_state` the states follow, forwards first. Masked steps have zero outputs. Outputs of both
        directions are in the order of the inputs.
    """

    def __init__(
        self, layer: Layer, merge_mode: Any = "concat", weights: Any = None, backward_layer: Any = None, **kwargs: Any
    ):
        super().__init__(layer, **kwargs)
        self.merge_mode = one_of(self.name, "merge_mode", merge_mode, _MERGES)
        config = layer.get_config()
        if not hasattr(layer, "go_backwards"):
            raise ValueError(
                f"{self.name}: layer is a {type(layer).__name__}. Expected a recurrent layer with go_backwards, such"
                f" as LSTM(8)."
            )
        self.forward_layer = type(layer).from_config({**config, "name": f"forward_{layer.name}"})
        if backward_layer is None:
            back = {**config, "name": f"backward_{layer.name}", "go_backwards": not layer.go_backwards}
            self.backward_layer = type(layer).from_config(back)
            self._own_backward = False
        else:
            self.backward_layer = backward_layer
            self._own_backward = True
            if backward_layer.go_backwards == layer.go_backwards:
                raise ValueError(
                    f"{self.name}: both layers go in one direction. Expected different go_backwards. Change"
                    f" backward_layer."
                )
        for one in (self.forward_layer, self.backward_layer):
            # Both directions say nothing about masked steps, else their merge would mix stale outputs.
            one.zero_output_for_mask = True
        # The layer inside is a pattern for the two; its own variables are never made.
        self._tracked.pop("layer", None)
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=3)
        self._first_weights = weights

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights:
            half = len(self._first_weights) // 2
            self.forward_layer.set_weights(self._first_weights[:half])
            self.backward_layer.set_weights(self._first_weights[half:])

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        """Run both directions and merge."""
        halves: list[Any] = [None, None]
        if initial_state is not None:
            middle = len(initial_state) // 2
            halves = [list(initial_state[:middle]), list(initial_state[middle:])]
        results = [
            layer(sequences, initial_state=half, mask=mask, training=training)
            for layer, half in zip((self.forward_layer, self.backward_layer), halves, strict=True)
        ]
        states = [state for result in results for state in result[1:]] if self.return_state else []
        forwards, backwards = (result[0] if self.return_state else result for result in results)
        if self.return_sequences:
            backwards = ops.flip(backwards, 1)
        merged = self._merge(forwards, backwards)
        if not self.return_state:
            return merged
        return [*merged, *states] if isinstance(merged, list) else [merged, *states]

    def _merge(self, forwards: Any, backwards: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([forwards, backwards], -1)
        if self.merge_mode == "sum":
            return ops.add(forwards, backwards)
        if self.merge_mode == "ave":
            return ops.true_divide(ops.add(forwards, backwards), 2.0)
        if self.merge_mode == "mul":
            return ops.multiply(forwards, backwards)
        return [forwards, backwards]

    def reset_states(self) -> None:
        """Set the kept states of both to zeros."""
        with whole.together():
            self.forward_layer.reset_states()
            self.backward_layer.reset_states()

    reset_state = reset_states

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the steps if they are all returned."""
        mask = previous_mask[0] if isinstance(previous_mask, (list, tuple)) else previous_mask
        mask = mask if self.return_sequences else None
        outputs = [mask] if self.merge_mode is not None else [mask, mask]
        if self.return_state:
            return outputs + [None] * 2 * len(self.forward_layer._state_sizes)
        return outputs if self.merge_mode is None else mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = {**super().get_config(), "merge_mode": self.merge_mode}
        if self._own_backward:
            config["backward_layer"] = registration.serialize_keras_object(self.backward_layer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a layer from plain data."""
        parts = {
            key: registration.deserialize_keras_object(config[key], custom_objects)
            for key in ("layer", "backward_layer")
            if key in config
        }
        return cls(**{**config, **parts})

"""Recurrent layers: a cell carried along a sequence."""

from __future__ import annotations

from typing import Any

from kerasfront import naming, ops
from kerasfront.layers.arguments import given, one_of
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from kerasfront.ops.recurrent import over_time


class RNN(Layer):
    """Carry a cell along axis 1 of (batch, time, features).

    Args:
        cell: a cell, a list of them, or a layer of yours with `call(inputs, states) -> (output, states)` and
        `state_size`.
        return_sequences: the outputs of all steps (batch, time, units), not only the last (batch, units).
        return_state: return a list: the output, then the last states.
        go_backwards: read from the end; outputs in order of computation.
        stateful: begin each batch with the states in which the last one ended; needs a fixed batch size.
        unroll: write the steps out one after the other, which needs a known number of steps; False leaves the loop to
        the engine.
        zero_output_for_mask: with `return_sequences`, outputs of masked steps are 0, not the last ones.

    Notes:
        A masked step changes neither states nor output.

    Raises:
        ValueError: `cell` is no cell; stateful without a batch size; unroll without a known number of steps.
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        if not callable(getattr(cell, "call", None)) or not hasattr(cell, "state_size"):
            raise ValueError(
                f"{self.name}: cell is {cell!r}. Expected a layer with call(inputs, states) and state_size. Pass a"
                f" cell such as LSTMCell(32)."
            )
        self.cell = cell
        self.return_sequences, self.return_state, self.go_backwards = return_sequences, return_state, go_backwards
        self.stateful, self.unroll, self.zero_output_for_mask = stateful, unroll, zero_output_for_mask
        self.use_cudnn: Any = "auto"
        self.supports_masking = True
        self.input_spec = InputSpec(ndim=3) if hasattr(cell, "gates") else InputSpec(min_ndim=3)
        self.states: list | None = None

    @property
    def _state_sizes(self) -> list:
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for one step, and the kept states."""
        step_shape = (sequences_shape[0], *sequences_shape[2:])
        if not self.cell.built:
            self.cell.build(step_shape)
            self.cell.built = True
        if self.stateful:
            if sequences_shape[0] is None:
                raise ValueError(
                    f"{self.name}: stateful=True needs a fixed batch size. Expected one; got input shape"
                    f" {tuple(sequences_shape)}. Use keras.Input(batch_shape=...)."
                )
            self.states = [
                self.add_weight(
                    (sequences_shape[0], size),
                    "zeros",
                    trainable=False,
                    dtype=self.compute_dtype,
                    name=f"rnn_state_{i}",
                )
                for i, size in enumerate(self._state_sizes)
            ]

    def _own_weights(self) -> list:
        # The states that are kept from batch to batch are no weights: they are not saved and not listed as such.
        kept = {id(state) for state in self.states or ()}
        return [weight for weight in super()._own_weights() if id(weight) not in kept]

    def _own_variables(self) -> list:
        return [*super()._own_variables(), *(self.states or ())]

    def get_initial_state(self, batch_size: int | None) -> list:
        """Return the states that a sequence begins with."""
        if hasattr(self.cell, "get_initial_state"):
            states = self.cell.get_initial_state(batch_size=batch_size)
            return list(states) if isinstance(states, (list, tuple)) else [states]
        return [ops.zeros((batch_size, size), self.compute_dtype) for size in self._state_sizes]

    def reset_states(self) -> None:
        """Set the kept states to zeros."""
        for state in self.states or ():
            state.assign(ops.zeros_like(state))

    reset_state = reset_states

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = False) -> Any:
        """Run the cell along the sequence."""
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        if isinstance(sequences, (list, tuple)):
            sequences, initial_state = sequences[0], sequences[1:]
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(ops.shape(sequences)[0])
        states = [
            ops.cast(state, ops.dtype(sequences))
            for state in (initial_state if isinstance(initial_state, (list, tuple)) else [initial_state])
        ]
        outputs, last = self._run(sequences, states, mask, training)
        if self.stateful:
            for kept, state in zip(self.states or (), last, strict=True):
                kept.assign(state)
        result = outputs if self.return_sequences else outputs[:, -1]
        return [result, *last] if self.return_state else result

    def _run(self, sequences: Any, states: list, mask: Any, training: bool | None) -> tuple[Any, list]:
        cell = self.cell
        if not hasattr(cell, "project"):
            return self._loop(lambda x, current: cell(x, current, **_training(cell, training)), sequences, states, mask)
        masks = cell.draw_masks(sequences[:, 0], training)
        plain = mask is None and not self.unroll and not any(leaf is not None for leaf in _flat(masks))
        if plain and self.use_cudnn is not False:
            whole = cell.sequence(sequences, states, self.go_backwards)
            if whole is not None:
                return whole
        if self.use_cudnn is True:
            raise ValueError(
                f"{self.name}: use_cudnn=True, but these arguments need a loop of single steps. Expected the default"
                f" activations, no mask, no dropout, and unroll=False. Pass use_cudnn='auto'."
            )
        projected = cell.project(sequences, masks)
        return self._loop(lambda x, current: cell.step(x, current, masks), projected, states, mask)

    def _loop(self, step: Any, sequence: Any, states: list, mask: Any) -> tuple[Any, list]:
        """Run the steps one after the other; a masked one keeps states and output."""
        if mask is None:

            def plain(x: Any, current: Any) -> tuple[Any, Any]:
                output, new = step(x, list(current))
                return output, tuple(new if isinstance(new, (list, tuple)) else [new])

            outputs, last = self._over_time(plain, tuple(states), sequence)
            return outputs, list(last)
        batch = ops.shape(sequence)[0]
        before = ops.zeros((batch, getattr(self.cell, "output_size", self._state_sizes[0])), ops.dtype(sequence))

        def body(slices: Any, carry: Any) -> tuple[Any, Any]:
            current, previous = carry
            x, seen = slices
            seen = ops.expand_dims(seen, -1)
            output, new = step(x, list(current))
            new = new if isinstance(new, (list, tuple)) else [new]
            kept = ops.zeros_like(output) if self.zero_output_for_mask and self.return_sequences else previous
            output = ops.where(seen, output, kept)
            return output, (tuple(ops.where(seen, a, b) for a, b in zip(new, current, strict=True)), output)

        outputs, (last, _) = self._over_time(body, (tuple(states), before), (sequence, ops.cast(mask, "bool")))
        return outputs, list(last)

    def _over_time(self, step: Any, carry: Any, sequence: Any) -> tuple[Any, Any]:
        """Return outputs (batch, time, ...) in order of computation and the last carry of `step(x, carry)`."""
        if not self.unroll:
            return over_time(step, carry, sequence, self.go_backwards)
        parts = sequence if isinstance(sequence, tuple) else (sequence,)
        count = ops.shape(parts[0])[1]
        if count is None:
            raise ValueError(
                f"{self.name}: unroll=True, but the number of steps is unknown. Expected a known size on axis 1 of the"
                f" input. State it in keras.Input(...) or pass unroll=False."
            )
        outputs = []
        for place in reversed(range(count)) if self.go_backwards else range(count):
            slices = tuple(part[:, place] for part in parts)
            output, carry = step(slices if isinstance(sequence, tuple) else slices[0], carry)
            outputs.append(output)
        return ops.stack(outputs, 1), carry

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the steps if they are all returned, None for states."""
        mask = previous_mask[0] if isinstance(previous_mask, (list, tuple)) else previous_mask
        mask = mask if self.return_sequences else None
        return [mask, *[None] * len(self._state_sizes)] if self.return_state else mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        from kerasfront import registration

        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), "cell": registration.serialize_keras_object(self.cell), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a layer from plain data."""
        from kerasfront import registration

        return cls(**{**config, "cell": registration.deserialize_keras_object(config["cell"], custom_objects)})


def _training(cell: Any, training: bool | None) -> dict[str, Any]:
    from kerasfront.layers.calling import signature_of

    return {"training": training} if signature_of(type(cell).call).training else {}


def _flat(masks: Any) -> list:
    return [leaf for item in masks for leaf in (_flat(item) if isinstance(item, (list, tuple)) else [item])]


class _CellLayer(RNN):
    """A recurrent layer with one of our cells, whose arguments it takes itself."""

    cell_class: Any = None
    _layer_arguments = (
        "return_sequences",
        "return_state",
        "go_backwards",
        "stateful",
        "unroll",
        "zero_output_for_mask",
    )
    _base_arguments = (
        "activity_regularizer",
        "trainable",
        "autocast",
        "name",
        "input_shape",
        "input_dim",
        "batch_input_shape",
        "batch_shape",
    )

    def __init__(self, **kwargs: Any):
        use_cudnn = kwargs.pop("use_cudnn", "auto")
        length = kwargs.pop("input_length", None)
        if length is not None and "input_dim" in kwargs:
            kwargs["input_shape"] = (length, kwargs.pop("input_dim"))
        own = {name: kwargs.pop(name) for name in self._layer_arguments if name in kwargs}
        base = {name: kwargs.pop(name) for name in self._base_arguments if name in kwargs}
        dtype = kwargs.pop("dtype", None)
        cell_class = type(self).cell_class
        cell = cell_class(**kwargs, dtype=dtype, name=naming.to_snake_case(cell_class.__name__))
        super().__init__(cell, dtype=dtype, **own, **base)
        self.use_cudnn = one_of(self.name, "use_cudnn", use_cudnn, ("auto", True, False))

    def __getattr__(self, name: str) -> Any:
        # The cell's arguments are the layer's too: `layer.units`, `layer.activation`.
        cell = self.__dict__.get("cell")
        if cell is None or name.startswith("_"):
            raise AttributeError(name)
        return getattr(cell, name)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        cell = self.cell.get_config()
        own = {name: getattr(self, name) for name in self._layer_arguments}
        if self.use_cudnn != "auto":
            own["use_cudnn"] = self.use_cudnn
        return {**cell, **Layer.get_config(self), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a layer from plain data."""
        return cls(**config)


class SimpleRNN(_CellLayer):
    """A fully connected recurrent layer. Arguments: those of `SimpleRNNCell` and `RNN`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.SimpleRNN(4)(keras.ops.ones((2, 3, 5))).shape == (2, 4)
        True
    """

    cell_class = SimpleRNNCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**given(locals()))


class LSTM(_CellLayer):
    """A long short-term memory layer. Arguments: those of `LSTMCell` and `RNN`.

    Args:
        use_cudnn: whether the whole sequence runs as one op, for which an engine may have a kernel: "auto" where the
        arguments allow it, False never, True is an error where they do not.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.LSTM(4, return_sequences=True)(keras.ops.ones((2, 3, 5))).shape == (2, 3, 4)
        True
    """

    cell_class = LSTMCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ):
        super().__init__(**given(locals()))


class GRU(_CellLayer):
    """A gated recurrent layer. Arguments: those of `GRUCell` and `RNN`.

    Args:
        use_cudnn: whether the whole sequence runs as one op, for which an engine may have a kernel: "auto" where the
        arguments allow it, False never, True is an error where they do not.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.GRU(4)(keras.ops.ones((2, 3, 5))).shape == (2, 4)
        True
    """

    cell_class = GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ):
        super().__init__(**given(locals()))

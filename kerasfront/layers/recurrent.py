"""Recurrent layers: a cell carried along a sequence."""

from __future__ import annotations

from typing import Any

from kerasfront import ops, tree
from kerasfront.layers.arguments import one_of, shared_arguments
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.layers.recurrent_cells import (
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    initial_state,
    output_size,
    training_option,
)
from kerasfront.ops.recurrent import over_time
from kerasfront.state import whole
from kerasfront.state.variable import Variable

# Cells whose output is their first state.
_OUTPUT_IS_STATE = (SimpleRNNCell, LSTMCell, GRUCell)


class RNN(Layer):
    """Carry a cell along axis 1 of (batch, time, features).

    Args:
        cell: a cell, a list of them, or a layer of yours with `call(inputs, states) -> (output, states)` and
        `state_size`.
        return_sequences: the outputs of all steps (batch, time, units), not only the last (batch, units).
        return_state: return a list: the output, then the last states (of a stack, for each cell a list of its own).
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

    use_cudnn: Any = "auto"

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
            states = [
                self.add_weight(
                    (sequences_shape[0], size),
                    "zeros",
                    trainable=False,
                    dtype=self.compute_dtype,
                    name=f"rnn_state_{i}",
                )
                for i, size in enumerate(tree.flatten(self._state_sizes))
            ]
            self.states = tree.pack_sequence_as(self._state_sizes, states)

    def _own_weights(self) -> list[Variable]:
        # Kept states are variables, as those of seeds are, but no weights: files and set_weights() go without them.
        states = {id(state) for state in tree.flatten(self.states or ())}
        return [weight for weight in super()._own_weights() if id(weight) not in states]

    def _own_variables(self) -> list[Variable]:
        return [*super()._own_variables(), *tree.flatten(self.states or ())]

    def get_initial_state(self, batch_size: int | None) -> list:
        """Return the states that a sequence begins with."""
        states = initial_state(self.cell, batch_size, self.compute_dtype)
        return list(states) if isinstance(states, (list, tuple)) else [states]

    def reset_states(self) -> None:
        """Set the kept states to zeros."""
        with whole.together():
            for state in tree.flatten(self.states or ()):
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
        given = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        states = tree.map_structure(lambda state: ops.cast(state, ops.dtype(sequences)), given)
        outputs, last = self._run(sequences, states, mask, training)
        if self.stateful:
            for kept, state in zip(tree.flatten(self.states or ()), tree.flatten(last), strict=True):
                kept.assign(state)
        if self.return_sequences:
            result = outputs
        elif mask is None and type(self.cell) in _OUTPUT_IS_STATE:
            # Engines then need not put the outputs together, nor take their gradients apart.
            result = last[0]
        else:
            result = outputs[:, -1]
        return [result, *last] if self.return_state else result

    def _run(self, sequences: Any, states: list, mask: Any, training: bool | None) -> tuple[Any, list]:
        cell = self.cell
        if not hasattr(cell, "project"):
            option = training_option(cell, training)
            return self._loop(lambda x, current: cell(x, current, **option), sequences, states, mask)
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

        def plain(x: Any, current: Any) -> tuple[Any, Any]:
            output, new = step(x, tree.pack_sequence_as(states, list(current)))
            # A cell of the user's may have another policy than this layer.
            new = tuple(_like(one, old) for one, old in zip(tree.flatten(new), current, strict=True))
            return _like(output, sequence), new

        flat = tuple(tree.flatten(states))
        if mask is None:
            outputs, last = self._over_time(plain, flat, sequence)
            return outputs, tree.pack_sequence_as(states, list(last))
        before = ops.zeros((ops.shape(sequence)[0], output_size(self.cell)), ops.dtype(sequence))

        def body(slices: Any, carry: Any) -> tuple[Any, Any]:
            current, previous = carry
            x, seen = slices
            seen = ops.expand_dims(seen, -1)
            output, new = plain(x, current)
            kept = ops.zeros_like(output) if self.zero_output_for_mask and self.return_sequences else previous
            output = ops.where(seen, output, kept)
            return output, (tuple(ops.where(seen, a, b) for a, b in zip(new, current, strict=True)), output)

        outputs, (last, _) = self._over_time(body, (flat, before), (sequence, ops.cast(mask, "bool")))
        return outputs, tree.pack_sequence_as(states, list(last))

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


def _flat(masks: Any) -> list:
    return [leaf for item in masks for leaf in (_flat(item) if isinstance(item, (list, tuple)) else [item])]


def _like(tensor: Any, other: Any) -> Any:
    return tensor if ops.dtype(tensor) == ops.dtype(other) else ops.cast(tensor, ops.dtype(other))


class _CellLayer(RNN):
    """A recurrent layer with one of our cells, whose arguments it takes itself.

    Args:
        arguments: `locals()` of the `__init__` of a subclass.
    """

    cell_class: Any = None
    cell_name = ""
    _layer_arguments = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")

    def __init__(self, arguments: dict[str, Any]):
        rest = dict(arguments["kwargs"])
        # In files of earlier releases of Keras; it has no effect.
        rest.pop("implementation", None)
        length = rest.pop("input_length", None)
        if length is not None and "input_dim" in rest:
            rest["input_shape"] = (length, rest.pop("input_dim"))
        cell = self.cell_class(
            **shared_arguments(arguments, self.cell_class), name=self.cell_name, dtype=rest.get("dtype")
        )
        own = {name: arguments[name] for name in (*self._layer_arguments, "activity_regularizer")}
        super().__init__(cell, **own, **rest)
        self.use_cudnn = one_of(self.name, "use_cudnn", arguments.get("use_cudnn", "auto"), ("auto", True, False))

    def __getattr__(self, name: str) -> Any:
        # The cell's arguments are the layer's too: `layer.units`, `layer.activation`.
        cell = self.__dict__.get("cell")
        if cell is None or name.startswith("_"):
            raise AttributeError(name)
        return getattr(cell, name)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        cell = self.cell.get_config()
        own = {name: getattr(self, name) for name in (*self._layer_arguments, "zero_output_for_mask")}
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

    cell_class, cell_name = SimpleRNNCell, "simple_rnn_cell"

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
        super().__init__(locals())


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

    cell_class, cell_name = LSTMCell, "lstm_cell"

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
        super().__init__(locals())


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

    cell_class, cell_name = GRUCell, "gru_cell"

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
        super().__init__(locals())

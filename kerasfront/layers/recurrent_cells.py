"""Cells: one step of a recurrent network.

A cell of ours splits its step in two, so that a layer can hoist the first half out of the loop: `project(inputs,
masks)` takes any number of leading axes, `step(projected, states, masks)` goes from one state to the next. `masks` are
the dropout masks of one call, drawn by `draw_masks`.
"""

from __future__ import annotations

from typing import Any

from kerasfront import activations, ops, random, tree
from kerasfront.layers.arguments import fraction, generator_of, known_size, plain_seed, positive_int, shared_arguments
from kerasfront.layers.calling import signature_of
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized


class RecurrentCell(Parameterized, Layer):
    """What the three cells share.

    Args:
        units: size of state and output. activation: of the candidate. use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, ...: of the variables.
        dropout, recurrent_dropout: part of inputs and states to drop in training; one mask for a whole sequence.
        seed: of the masks.

    Weights: `kernel` (features, gates * units), `recurrent_kernel` (units, gates * units), `bias`.
    """

    _parameters = ("kernel", "recurrent", "bias")
    gates = 1

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._take(locals())
        self.units = positive_int(self.name, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.dropout = fraction(self.name, "dropout", dropout)
        self.recurrent_dropout = fraction(self.name, "recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self.seed_generator = generator_of(seed)
        self.state_size: Any = self.units
        self.output_size = self.units

    def build(self, input_shape: Any) -> None:
        """Make the variables for the size of the last axis."""
        features, width = known_size(self.name, input_shape), self.units * self.gates
        self.kernel = self.add_weight((features, width), name="kernel", **self._options("kernel"))
        self.recurrent_kernel = self.add_weight(
            (self.units, width), name="recurrent_kernel", **self._options("recurrent")
        )
        self.bias = self.add_weight(self._bias_shape(), name="bias", **self._options("bias")) if self.use_bias else None

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.units * self.gates,)

    def draw_masks(self, x: Any, training: bool | None) -> tuple[Any, Any]:
        """Return the dropout masks of inputs and states for a batch of steps `x` (batch, features), None where there
        is none."""
        batch = ops.shape(x)[0]
        masks = []
        for rate, size in ((self.dropout, ops.shape(x)[-1]), (self.recurrent_dropout, self.units)):
            drops = training and rate > 0
            masks.append(
                random.dropout(ops.ones((batch, size), ops.dtype(x)), rate, seed=self.seed_generator) if drops else None
            )
        return masks[0], masks[1]

    def project(self, inputs: Any, masks: tuple[Any, Any]) -> Any:
        """Return the part of a step that does not need the state."""
        if masks[0] is not None:
            mask = masks[0] if len(ops.shape(inputs)) == 2 else ops.expand_dims(masks[0], 1)
            inputs = ops.multiply(inputs, mask)
        projected = ops.matmul(inputs, self.kernel)
        bias = self._input_bias()
        return projected if bias is None else ops.add(projected, bias)

    def _input_bias(self) -> Any:
        return self.bias

    def step(self, projected: Any, states: list, masks: tuple[Any, Any]) -> tuple[Any, list]:
        """Return the output and the next states."""
        raise NotImplementedError(f"{self.name}: {type(self).__name__} has no step().")

    def _dropped(self, h: Any, masks: tuple[Any, Any]) -> Any:
        return h if masks[1] is None else ops.multiply(h, masks[1])

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> tuple[Any, list]:
        """Return the output and the next states for one step (batch, features)."""
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        masks = self.draw_masks(inputs, training)
        return self.step(self.project(inputs, masks), states, masks)

    def get_initial_state(self, batch_size: int | None = None) -> list:
        """Return zeros for each state."""
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [ops.zeros((batch_size, size), self.compute_dtype) for size in sizes]

    def sequence(self, inputs: Any, states: list, go_backwards: bool) -> tuple[Any, list] | None:
        """Run a whole sequence by one op, where the arguments are those of the op; None where they are not."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {name: getattr(self, name) for name in ("units", "use_bias", "dropout", "recurrent_dropout")}
        own["seed"] = plain_seed(self.seed)
        return {
            **super().get_config(),
            **own,
            "activation": activations.serialize(self.activation),
            **self._parameter_config(),
        }


class SimpleRNNCell(RecurrentCell):
    """One step of h = activation(x W + h U + b). Arguments and weights: see `RecurrentCell`."""

    def step(self, projected: Any, states: list, masks: tuple[Any, Any]) -> tuple[Any, list]:
        """Return the output and the next state."""
        h = self.activation(ops.add(projected, ops.matmul(self._dropped(states[0], masks), self.recurrent_kernel)))
        return h, [h]

    def sequence(self, inputs: Any, states: list, go_backwards: bool) -> tuple[Any, list] | None:
        """Run a whole sequence by one op."""
        if self.activation is not activations.tanh:
            return None
        outputs, h = ops.simple_rnn(inputs, states[0], self.kernel, self.recurrent_kernel, self.bias, go_backwards)
        return outputs, [h]


class LSTMCell(RecurrentCell):
    """One step of a long short-term memory; states h and c.

    Args:
        recurrent_activation: of the gates. unit_forget_bias: start the forget gate's bias at 1.
        units, ...: see `RecurrentCell`.

    Weights: gates in the order input, forget, cell, output.
    """

    gates = 4

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**shared_arguments(locals(), RecurrentCell), **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def build(self, input_shape: Any) -> None:
        """Make the variables."""
        super().build(input_shape)
        if self.use_bias and self.unit_forget_bias:
            value = self.bias.numpy()
            value[self.units : 2 * self.units] = 1
            self.bias.assign(value)

    def step(self, projected: Any, states: list, masks: tuple[Any, Any]) -> tuple[Any, list]:
        """Return the output and the next states."""
        h, c = states
        gates = ops.add(projected, ops.matmul(self._dropped(h, masks), self.recurrent_kernel))
        i, f, g, o = ops.split(gates, 4, -1)
        c = ops.add(
            ops.multiply(self.recurrent_activation(f), c),
            ops.multiply(self.recurrent_activation(i), self.activation(g)),
        )
        h = ops.multiply(self.recurrent_activation(o), self.activation(c))
        return h, [h, c]

    def sequence(self, inputs: Any, states: list, go_backwards: bool) -> tuple[Any, list] | None:
        """Run a whole sequence by one op."""
        if self.activation is not activations.tanh or self.recurrent_activation is not activations.sigmoid:
            return None
        outputs, h, c = ops.lstm(
            inputs, states[0], states[1], self.kernel, self.recurrent_kernel, self.bias, go_backwards
        )
        return outputs, [h, c]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }
        return {**super().get_config(), **own}


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit.

    Args:
        recurrent_activation: of the gates.
        reset_after: whether the reset gate comes after the product with the recurrent kernel; then there are two
        biases.
        units, ...: see `RecurrentCell`.

    Weights: gates in the order update, reset, candidate; `bias` (2, 3 units) with `reset_after`, else (3 units,).
    """

    gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**shared_arguments(locals(), RecurrentCell), **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self) -> Any:
        return self.bias[0] if self.use_bias and self.reset_after else self.bias

    def step(self, projected: Any, states: list, masks: tuple[Any, Any]) -> tuple[Any, list]:
        """Return the output and the next state."""
        h = states[0]
        dropped = self._dropped(h, masks)
        x_z, x_r, x_n = ops.split(projected, 3, -1)
        if self.reset_after:
            inner = ops.matmul(dropped, self.recurrent_kernel)
            h_z, h_r, h_n = ops.split(ops.add(inner, self.bias[1]) if self.use_bias else inner, 3, -1)
            update, reset = self.recurrent_activation(ops.add(x_z, h_z)), self.recurrent_activation(ops.add(x_r, h_r))
            candidate = ops.multiply(reset, h_n)
        else:
            u_z, u_r, u_n = ops.split(self.recurrent_kernel, 3, -1)
            update = self.recurrent_activation(ops.add(x_z, ops.matmul(dropped, u_z)))
            reset = self.recurrent_activation(ops.add(x_r, ops.matmul(dropped, u_r)))
            candidate = ops.matmul(ops.multiply(reset, dropped), u_n)
        candidate = self.activation(ops.add(x_n, candidate))
        h = ops.add(ops.multiply(update, h), ops.multiply(ops.subtract(1, update), candidate))
        return h, [h]

    def sequence(self, inputs: Any, states: list, go_backwards: bool) -> tuple[Any, list] | None:
        """Run a whole sequence by one op."""
        usual = self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid
        if not (usual and self.reset_after):
            return None
        first, second = (self.bias[0], self.bias[1]) if self.use_bias else (None, None)
        outputs, h = ops.gru(inputs, states[0], self.kernel, self.recurrent_kernel, first, second, go_backwards)
        return outputs, [h]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }
        return {**super().get_config(), **own}


class StackedRNNCells(Layer):
    """Several cells, each fed by the one before, as one.

    Args:
        cells: from bottom to top. A cell of yours needs `call(inputs, states) -> (output, states)` and `state_size`;
        `output_size` is the first of its state sizes where it has none, and zeros are its first states.

    States are a list with the states of each cell.
    """

    def __init__(self, cells: list, **kwargs: Any):
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def state_size(self) -> list:
        """The sizes of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the top cell's output."""
        return output_size(self.cells[-1])

    def build(self, input_shape: Any) -> None:
        """Build each cell for what comes from below."""
        for cell in self.cells:
            if not cell.built:
                cell.build(input_shape)
                cell.built = True
            input_shape = (input_shape[0], output_size(cell))

    def draw_masks(self, x: Any, training: bool | None) -> list:
        """Return the masks of each cell; for one of another kind whether this is training."""
        masks = []
        for cell in self.cells:
            masks.append(cell.draw_masks(x, training) if _is_ours(cell) else training)
            x = ops.zeros((ops.shape(x)[0], output_size(cell)), ops.dtype(x))
        return masks

    def project(self, inputs: Any, masks: list) -> Any:
        """Hoist what the bottom cell can."""
        return self.cells[0].project(inputs, masks[0]) if _is_ours(self.cells[0]) else inputs

    def step(self, projected: Any, states: list, masks: list) -> tuple[Any, list]:
        """Go through the cells."""
        after, output = [], projected
        for place, (cell, own, mask) in enumerate(zip(self.cells, states, masks, strict=True)):
            own = list(own) if isinstance(own, (list, tuple)) else [own]
            if _is_ours(cell):
                output, new = cell.step(output if place == 0 else cell.project(output, mask), own, mask)
            else:
                output, new = cell(output, own, **training_option(cell, mask))
            after.append(new)
        return output, after

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> tuple[Any, list]:
        """Return the output and the next states for one step."""
        masks = self.draw_masks(inputs, training)
        return self.step(self.project(inputs, masks), list(states), masks)

    def get_initial_state(self, batch_size: int | None = None) -> list:
        """Return the first states of each cell."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def sequence(self, inputs: Any, states: list, go_backwards: bool) -> None:
        """No op runs a stack."""
        return

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        from kerasfront import registration

        return {**super().get_config(), "cells": [registration.serialize_keras_object(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make cells from plain data."""
        from kerasfront import registration

        cells = [registration.deserialize_keras_object(cell, custom_objects) for cell in config["cells"]]
        return cls(**{**config, "cells": cells})


def _is_ours(cell: Any) -> bool:
    return hasattr(cell, "project")


def output_size(cell: Any) -> int:
    """Return the size of a cell's output, by default that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size[0] if isinstance(cell.state_size, (list, tuple)) else cell.state_size
    return size


def initial_state(cell: Any, batch_size: int | None, dtype: str) -> Any:
    """Return the states that a cell begins with, by default zeros."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    return tree.map_structure(lambda size: ops.zeros((batch_size, size), dtype), cell.state_size)


def training_option(cell: Any, training: bool | None) -> dict[str, Any]:
    """Return `training` as a keyword argument, if the cell's `call` takes it."""
    return {"training": training} if signature_of(type(cell).call).training else {}

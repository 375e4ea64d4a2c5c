"""Recurrent networks over whole sequences, with the product of the inputs before the loop.

These are derived ops, so that an engine can put its native kernel in their place. Time is axis 1 of inputs and outputs;
`go_backwards` reads from the end, and outputs are in the order in which they were computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasfront import tree
from kerasfront.backend.dispatch import OptionalTensor, Tensor, derived
from kerasfront.ops import _dtypes
from kerasfront.ops.activations import sigmoid
from kerasfront.ops.contraction import matmul
from kerasfront.ops.control import scan
from kerasfront.ops.elementwise import add, multiply, subtract, tanh
from kerasfront.ops.movement import flip, split, swapaxes


def _biased(x: Any, bias: Any) -> Any:
    return x if bias is None else add(x, bias)


def over_time(step: Any, states: Any, sequence: Any, go_backwards: bool) -> tuple[Any, Any]:
    """Return outputs (batch, time, ...) in order of computation, and the last states, of `step(x, states)`.

    `sequence` is a tensor (batch, time, ...) or a tuple of them.
    """

    def body(carry: Any, x: Any) -> tuple[Any, Any]:
        output, carry = step(x, carry)
        return carry, output

    last, outputs = scan(body, states, tree.map_structure(lambda x: swapaxes(x, 0, 1), sequence), reverse=go_backwards)
    outputs = swapaxes(outputs, 0, 1)
    return (flip(outputs, 1) if go_backwards else outputs), last


@derived(dtype=_dtypes.promote_float)
def simple_rnn(
    inputs: Tensor,
    initial_state: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: OptionalTensor = None,
    go_backwards: bool = False,
) -> Any:
    """Return outputs (batch, time, units) and last state of h = tanh(x W + h U + b).

    Shapes: `inputs` (batch, time, features), `initial_state` (batch, units), `kernel` (features, units),
    `recurrent_kernel` (units, units), `bias` (units,).
    """

    def step(x: Any, h: Any) -> tuple[Any, Any]:
        h = tanh(add(x, matmul(h, recurrent_kernel)))
        return h, h

    return over_time(step, initial_state, _biased(matmul(inputs, kernel), bias), go_backwards)


def lstm_by(
    inputs: Any,
    initial_state_h: Any,
    initial_state_c: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    go_backwards: bool = False,
    *,
    inside: Callable[[Any], bool],
) -> tuple[Any, Any, Any]:
    """Return what `lstm` does, with the product of the inputs before the loop or, step by step, inside it.

    `inside` tells which, given the inputs. Inside there is more to compute, and less to keep in memory: 4 units numbers
    for each sample and step, twice.
    """
    stepwise = inside(inputs)

    def projected(x: Any) -> Any:
        return _biased(matmul(x, kernel), bias)

    def step(x: Any, states: Any) -> tuple[Any, Any]:
        h, c = states
        i, f, g, o = split(add(projected(x) if stepwise else x, matmul(h, recurrent_kernel)), 4, -1)
        c = add(multiply(sigmoid(f), c), multiply(sigmoid(i), tanh(g)))
        h = multiply(sigmoid(o), tanh(c))
        return h, (h, c)

    sequence = inputs if stepwise else projected(inputs)
    outputs, (h, c) = over_time(step, (initial_state_h, initial_state_c), sequence, go_backwards)
    return outputs, h, c


@derived(dtype=_dtypes.promote_float)
def lstm(
    inputs: Tensor,
    initial_state_h: Tensor,
    initial_state_c: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: OptionalTensor = None,
    go_backwards: bool = False,
) -> Any:
    """Return outputs (batch, time, units), last h and last c of a long short-term memory.

    Shapes: `kernel` (features, 4 units), `recurrent_kernel` (units, 4 units), `bias` (4 units,); gates in the order
    input, forget, cell, output.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997), with the forget gate of Gers et al. (2000).
    """

    states = initial_state_h, initial_state_c
    return lstm_by(inputs, *states, kernel, recurrent_kernel, bias, go_backwards, inside=lambda _: False)


@derived(dtype=_dtypes.promote_float)
def gru(
    inputs: Tensor,
    initial_state: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    input_bias: OptionalTensor = None,
    recurrent_bias: OptionalTensor = None,
    go_backwards: bool = False,
) -> Any:
    """Return outputs (batch, time, units) and last state of a gated recurrent unit, reset gate applied after the
    product.

    Shapes: `kernel` (features, 3 units), `recurrent_kernel` (units, 3 units), biases (3 units,); gates in the order
    update, reset, candidate.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder" (2014), in the form of version 1
    of the preprint (`reset_after`).
    """

    def step(x: Any, h: Any) -> tuple[Any, Any]:
        x_z, x_r, x_n = split(x, 3, -1)
        h_z, h_r, h_n = split(_biased(matmul(h, recurrent_kernel), recurrent_bias), 3, -1)
        update, reset = sigmoid(add(x_z, h_z)), sigmoid(add(x_r, h_r))
        candidate = tanh(add(x_n, multiply(reset, h_n)))
        h = add(multiply(update, h), multiply(subtract(1, update), candidate))
        return h, h

    return over_time(step, initial_state, _biased(matmul(inputs, kernel), input_bias), go_backwards)

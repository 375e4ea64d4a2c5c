"""Recurrent networks by PyTorch's own loops over time."""

from typing import Any

import torch

from kerasfront_torch.fused.bodies import body
from kerasfront_torch.tracing import levels

Tensor = torch.Tensor


def lstm(
    inputs: Tensor,
    initial_state_h: Tensor,
    initial_state_c: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Any = None,
    go_backwards: bool = False,
) -> Any:
    if levels.depth > 1 or not inputs.shape[1]:
        return body("lstm")(inputs, initial_state_h, initial_state_c, kernel, recurrent_kernel, bias, go_backwards)
    x = torch.flip(inputs, (1,)) if go_backwards else inputs
    weights = [kernel.t(), recurrent_kernel.t()]
    if bias is not None:
        weights += [bias, torch.zeros_like(bias)]
    states = [initial_state_h.unsqueeze(0), initial_state_c.unsqueeze(0)]
    outputs, h, c = torch.lstm(x, states, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return outputs, h[0], c[0]


def _gates_reordered(x: Tensor) -> Tensor:
    """Columns for update, reset, candidate in PyTorch's order: reset, update, candidate."""
    update, reset, candidate = torch.chunk(x, 3, -1)
    return torch.cat((reset, update, candidate), -1)


def gru(
    inputs: Tensor,
    initial_state: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    input_bias: Any = None,
    recurrent_bias: Any = None,
    go_backwards: bool = False,
) -> Any:
    if levels.depth > 1 or not inputs.shape[1]:
        return body("gru")(inputs, initial_state, kernel, recurrent_kernel, input_bias, recurrent_bias, go_backwards)
    weights = [_gates_reordered(kernel).t(), _gates_reordered(recurrent_kernel).t()]
    biased = input_bias is not None or recurrent_bias is not None
    if biased:
        nothing = torch.zeros_like(recurrent_bias if input_bias is None else input_bias)
        weights += [_gates_reordered(nothing if bias is None else bias) for bias in (input_bias, recurrent_bias)]
    x = torch.flip(inputs, (1,)) if go_backwards else inputs
    outputs, h = torch.gru(x, initial_state.unsqueeze(0), weights, biased, 1, 0.0, torch.is_grad_enabled(), False, True)
    return outputs, h[0]


def simple_rnn(
    inputs: Tensor,
    initial_state: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Any = None,
    go_backwards: bool = False,
) -> Any:
    if levels.depth > 1 or not inputs.shape[1]:
        return body("simple_rnn")(inputs, initial_state, kernel, recurrent_kernel, bias, go_backwards)
    weights = [kernel.t(), recurrent_kernel.t(), *([] if bias is None else [bias, torch.zeros_like(bias)])]
    x = torch.flip(inputs, (1,)) if go_backwards else inputs
    outputs, h = torch.rnn_tanh(
        x, initial_state.unsqueeze(0), weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return outputs, h[0]

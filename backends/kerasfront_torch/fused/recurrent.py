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

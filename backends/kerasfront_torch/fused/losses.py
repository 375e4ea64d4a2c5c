"""Crossentropies."""

import torch

from kerasfront import config
from kerasfront_torch.fused.bodies import body
from kerasfront_torch.tracing import is_traced

Tensor = torch.Tensor


def binary_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False) -> Tensor:
    if from_logits:
        # PyTorch's own and its softplus lose log(1 + exp(-20)) beside 20 in float32.
        return body("binary_crossentropy")(target, output, from_logits)
    output = torch.clamp(output, config.epsilon(), 1.0 - config.epsilon())
    return -(target * torch.log(output) + (1 - target) * torch.log(1 - output))


def _logarithms(output: Tensor, from_logits: bool, axis: int) -> Tensor:
    if from_logits:
        return torch.log_softmax(output, axis)
    output = output / torch.sum(output, axis, True)
    return torch.log(torch.clamp(output, config.epsilon(), 1.0 - config.epsilon()))


def categorical_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1) -> Tensor:
    return -torch.sum(target * _logarithms(output, from_logits, axis), axis)


def sparse_categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Tensor:
    # A label that cannot be looked at may name no class: the body knows what it gives then.
    if is_traced(target):
        return body("sparse_categorical_crossentropy")(target, output, from_logits, axis)
    label = target.long()
    if label.ndim < output.ndim:
        label = label.unsqueeze(axis if axis >= 0 else axis + output.ndim)
    return -torch.gather(_logarithms(output, from_logits, axis), axis, label).squeeze(axis)

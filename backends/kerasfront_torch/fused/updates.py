"""The updates of optimizers by kernels that take all weights at once and change them in place.

In place only where nobody else holds the tensors (see `ownership`), else on copies; in a trace the bodies run.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from kerasfront_torch.fused.bodies import body
from kerasfront_torch.ownership import owned
from kerasfront_torch.recording import whole
from kerasfront_torch.tracing import tracing

Tensor = torch.Tensor
Tensors = list[Tensor]


def _plain(*lists: Sequence[Tensor]) -> bool:
    """Return whether the kernels can take the tensors: on the CPU, in full precision, with no gradients recorded."""
    if tracing():
        return False
    return all(
        type(x) is Tensor and x.dtype in (torch.float32, torch.float64) and not x.is_cuda and not x.requires_grad
        for tensors in lists
        for x in tensors
    )


def _writable(tensors: Tensors) -> Tensors:
    return tensors if owned(tensors) else [x.clone(memory_format=torch.contiguous_format) for x in tensors]


def _like(gradients: Tensors, parameters: Tensors) -> Tensors:
    """Gradients in the memory layout and dtype of their weights: the fused kernels walk through both alike."""
    return [
        g if g.is_contiguous() and g.dtype is w.dtype else g.to(w.dtype).contiguous()
        for g, w in zip(gradients, parameters, strict=True)
    ]


def _kernels(*writes: int) -> Callable:
    """Make an update of a function for tensors that the kernels can take; the op's body runs for others.

    Args:
        writes: which arguments, lists of tensors, the function changes in place where it may.
    """

    def update_by(function: Callable) -> Callable:
        name, recorded = function.__name__, whole(*writes)(function)

        @functools.wraps(function)
        def update(*args: Any) -> Any:
            return recorded(*args) if _plain(*[one for one in args if type(one) is list]) else body(name)(*args)

        return update

    return update_by


def _of_one_dtype(columns: list[Tensors]) -> list[list[Tensors]]:
    """Return the columns, or parts of them where weights differ in dtype: kernels take one at a time."""
    dtypes = [w.dtype for w in columns[0]]
    if len(set(dtypes)) == 1:
        return [columns]
    return [[[x for x, own in zip(c, dtypes, strict=True) if own is one] for c in columns] for one in set(dtypes)]


def _adam(
    parameters: Tensors,
    gradients: Tensors,
    slots: list[Tensors],
    learning_rate: Tensor,
    step: Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[Tensors, ...]:
    parameters = _writable(parameters)
    slots = [_writable(column) for column in slots]
    number, steps = float(step), step.float()
    for columns in _of_one_dtype([parameters, _like(gradients, parameters), *slots]):
        torch._fused_adam_(
            # Without largest moments the kernel wants an empty list for them.
            *[*columns, []][:5],
            [steps] * len(columns[0]),
            lr=float(learning_rate),
            beta1=beta_1,
            beta2=beta_2,
            weight_decay=0.0,
            # PyTorch adds it after the bias has been taken out of the root.
            eps=epsilon / math.sqrt(1 - beta_2**number),
            amsgrad=len(columns) > 4,
            maximize=False,
        )
    return parameters, *slots


@_kernels(0, 2, 3)
def adam_update(
    parameters: Tensors, gradients: Tensors, first_moments: Tensors, second_moments: Tensors, *further: Any
) -> Any:
    return _adam(parameters, gradients, [first_moments, second_moments], *further)


@_kernels(0, 2, 3, 4)
def amsgrad_update(
    parameters: Tensors,
    gradients: Tensors,
    first_moments: Tensors,
    second_moments: Tensors,
    largest_moments: Tensors,
    *further: Any,
) -> Any:
    return _adam(parameters, gradients, [first_moments, second_moments, largest_moments], *further)


@_kernels(0)
def sgd_update(parameters: Tensors, gradients: Tensors, learning_rate: Tensor) -> Any:
    parameters = _writable(parameters)
    torch._foreach_add_(parameters, gradients, alpha=-float(learning_rate))
    return parameters


@_kernels(0, 2)
def momentum_update(
    parameters: Tensors, gradients: Tensors, momentums: Tensors, learning_rate: Tensor, momentum: float, nesterov: bool
) -> Any:
    parameters, momentums, rate = _writable(parameters), _writable(momentums), float(learning_rate)
    torch._foreach_mul_(momentums, momentum)
    torch._foreach_add_(momentums, gradients, alpha=-rate)
    if nesterov:
        torch._foreach_add_(parameters, momentums, alpha=momentum)
        torch._foreach_add_(parameters, gradients, alpha=-rate)
    else:
        torch._foreach_add_(parameters, momentums)
    return parameters, momentums


def _divided_by_root(
    parameters: Tensors, gradients: Tensors, squares: Tensors, learning_rate: Tensor, epsilon: float
) -> None:
    roots = torch._foreach_add(squares, epsilon)
    torch._foreach_sqrt_(roots)
    torch._foreach_addcdiv_(parameters, gradients, roots, value=-float(learning_rate))


@whole(0, 2)
def _rmsprop(
    parameters: Tensors, gradients: Tensors, velocities: Tensors, learning_rate: Tensor, rho: float, epsilon: float
) -> Any:
    parameters, velocities = _writable(parameters), _writable(velocities)
    torch._foreach_mul_(velocities, rho)
    torch._foreach_addcmul_(velocities, gradients, gradients, value=1 - rho)
    _divided_by_root(parameters, gradients, velocities, learning_rate, epsilon)
    return parameters, velocities


def rmsprop_update(
    parameters: Tensors,
    gradients: Tensors,
    velocities: Tensors,
    momentums: Tensors,
    averages: Tensors,
    learning_rate: Tensor,
    rho: float,
    momentum: float,
    epsilon: float,
) -> Any:
    if momentums or averages or not _plain(parameters, gradients, velocities):
        return body("rmsprop_update")(
            parameters, gradients, velocities, momentums, averages, learning_rate, rho, momentum, epsilon
        )
    return *_rmsprop(parameters, gradients, velocities, learning_rate, rho, epsilon), [], []


@_kernels(0, 2)
def adagrad_update(
    parameters: Tensors, gradients: Tensors, accumulators: Tensors, learning_rate: Tensor, epsilon: float
) -> Any:
    parameters, accumulators = _writable(parameters), _writable(accumulators)
    torch._foreach_addcmul_(accumulators, gradients, gradients)
    _divided_by_root(parameters, gradients, accumulators, learning_rate, epsilon)
    return parameters, accumulators


@_kernels(0)
def weight_decay_update(parameters: Tensors, learning_rate: Tensor, weight_decay: float) -> Any:
    parameters = _writable(parameters)
    torch._foreach_add_(parameters, parameters, alpha=-float(learning_rate) * weight_decay)
    return parameters


@_kernels()
def clip_each_by_norm(gradients: Tensors, clipnorm: float) -> Any:
    scales = [clipnorm / torch.clamp(norm, min=clipnorm) for norm in torch._foreach_norm(gradients)]
    return list(torch._foreach_mul(gradients, scales))


def clip_by_global_norm(gradients: Tensors, clipnorm: float) -> Any:
    if not _plain(gradients) or not gradients:
        return body("clip_by_global_norm")(gradients, clipnorm)
    return _clipped_by_global_norm(gradients, clipnorm)


@whole()
def _clipped_by_global_norm(gradients: Tensors, clipnorm: float) -> Any:
    total = torch.linalg.vector_norm(torch.stack([norm.float() for norm in torch._foreach_norm(gradients)]))
    return torch._foreach_mul(gradients, float(clipnorm / torch.clamp(total, min=clipnorm)))

"""PyTorch as one writes it by hand: a plain module, eager, with the fused Adam."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from workloads import sizes, timing


class _Last(nn.Module):
    """An LSTM's last output."""

    def __init__(self, features: int, units: int):
        super().__init__()
        self.lstm = nn.LSTM(features, units, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.lstm(x)[0][:, -1]


class _Block(nn.Module):
    """Attention and feed-forward layers, each with a residual path and a normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(sizes.WIDTH, sizes.HEADS, batch_first=True)
        self.first, self.second = nn.LayerNorm(sizes.WIDTH), nn.LayerNorm(sizes.WIDTH)
        self.wide = nn.Sequential(nn.Linear(sizes.WIDTH, sizes.WIDE), nn.ReLU(), nn.Linear(sizes.WIDE, sizes.WIDTH))

    def forward(self, x: Any) -> Any:
        x = self.first(x + self.attention(x, x, x, need_weights=False)[0])
        return self.second(x + self.wide(x))


class _Mean(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.mean(1)


def model_for(workload: sizes.Workload) -> Any:
    """Return the model of a workload."""
    if workload.name == "tiny":
        return nn.Linear(8, 8)
    if workload.name == "cnn":
        first = nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)
        second = nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)
        return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(1600, sizes.CLASSES))
    if workload.name == "lstm":
        return nn.Sequential(_Last(workload.shape[-1], sizes.WIDTH), nn.Linear(sizes.WIDTH, sizes.CLASSES))
    if workload.name == "transformer":
        blocks = [_Block() for _ in range(sizes.BLOCKS)]
        return nn.Sequential(*blocks, _Mean(), nn.Linear(sizes.WIDTH, sizes.CLASSES))
    widths = (workload.shape[-1], *workload.units)
    hidden = [layer for pair in itertools.pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(widths[-1], sizes.CLASSES))


# Where compiling gains something: not in large steps, whose kernels are the same.
BEST_COMPILED = ("tiny",)


def prepare(workload: sizes.Workload, count: int, best: bool = False) -> Callable[[], timing.Sample]:
    """Return a function that takes one measurement; the best form of training small steps is one compiled graph."""
    if workload.kind == "add":
        ones = torch.ones(workload.shape)
        return lambda: timing.repeated(lambda: torch.add(ones, ones), count)
    model = model_for(workload)
    if workload.kind == "train":
        return _training(model, workload, count, best and workload.name in BEST_COMPILED)
    model = nn.Sequential(model, nn.Softmax(-1)).eval()
    x, _ = workload.data(1)
    tensor = torch.from_numpy(x)

    def call() -> Any:
        with torch.no_grad():
            return model(tensor)

    def predict(x: Any) -> Any:
        with torch.no_grad():
            return model(torch.from_numpy(x))

    if workload.kind == "predict_many":
        return timing.per_batch(timing.in_batches(predict, count), workload.data(count)[0], count)
    chosen = call if workload.kind == "call" else (lambda: predict(x).numpy())
    timing.repeated(chosen, 3)
    return lambda: timing.repeated(chosen, count)


def _plain_step(model: Any, loss_of: Callable) -> Callable:
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def step(x: Any, y: Any) -> Any:
        loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def _whole_step(model: Any, loss_of: Callable) -> Callable:
    """Forward pass, gradients and Adam as one graph; the engine's fused Adam cannot stand in one."""
    torch._dynamo.config.trace_autograd_ops = True
    weights = list(model.parameters())
    slots = [[torch.zeros_like(one) for one in weights] for _ in range(2)]
    steps = torch.zeros(())

    def step(x: Any, y: Any) -> Any:
        loss = loss_of(model(x), y)
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            steps.add_(1)
            rate = 1e-3 * torch.sqrt(1 - 0.999**steps) / (1 - 0.9**steps)
            for weight, gradient, m, v in zip(weights, gradients, *slots):
                m.lerp_(gradient, 0.1)
                v.lerp_(gradient * gradient, 0.001)
                weight.sub_(rate * m / (v.sqrt() + 1e-7))
        return loss.detach()

    return torch.compile(step, fullgraph=True)


def _training(model: Any, workload: sizes.Workload, count: int, compiled: bool) -> Callable[[], timing.Sample]:
    loss_of = nn.MSELoss() if workload.name == "tiny" else nn.CrossEntropyLoss()
    x, y = map(torch.from_numpy, workload.data(count))
    if workload.name == "cnn":
        x = x.permute(0, 3, 1, 2).contiguous()
    if workload.name != "tiny":
        y = y.long()
    step = (_whole_step if compiled else _plain_step)(model, loss_of)

    def measure() -> timing.Sample:
        start = timing.now()
        order = torch.randperm(len(x))
        for i in range(0, len(x), workload.batch):
            rows = order[i : i + workload.batch]
            loss = step(x[rows], y[rows])
        loss.item()
        return timing.between(start, timing.now(), count)

    measure()
    return measure

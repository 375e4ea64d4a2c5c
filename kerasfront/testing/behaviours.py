"""What a backend must do beyond single calls: promotion, random bits, state in compiled steps, training, refusals.

A behaviour is a function of the backend's name, run with the backend active; it fails by an assertion.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import errors, ops, random
from kerasfront.backend import dispatch, registry
from kerasfront.backend.contract import Backend
from kerasfront.random.generator import host_bits
from kerasfront.state.function import function, value_and_grad
from kerasfront.state.seed import SeedGenerator
from kerasfront.state.variable import Variable
from kerasfront.testing import promotion
from kerasfront.testing.cases import cases_by_theme
from kerasfront.testing.models import in_models
from kerasfront.testing.promotion import OF_ONE, OF_TWO, types_of
from kerasfront.testing.tolerance import FORMULA, difference

# -- random numbers: the same on every engine

BITS = [[0, 0, 0], [1, 5, 0], [2**31 - 1, 7, 3], [-4, 2**31 - 1, 1]]


def random_bits(backend: Backend) -> None:
    """Draws have the bits of the host's generator, eager and compiled."""
    for seed, counter, stream in BITS:
        expected = host_bits(seed, counter, (3, 5), stream).view("int32")
        words = ops.convert_to_tensor(np.array([seed, counter], "int32"))
        for draw in (ops.random_bits, function(lambda words, s=stream: ops.random_bits(words, (3, 5), s))):
            found = draw(words, (3, 5), stream) if draw is ops.random_bits else draw(words)
            assert np.array_equal(ops.convert_to_numpy(found), expected), (
                f"seed {seed}, counter {counter}, stream {stream}"
            )


def random_draws(backend: Backend) -> None:
    """Uniform draws are those of the NumPy backend to the bit, normal ones to rounding; a generator keeps counting."""

    def draws() -> list:
        return [
            random.uniform((4,), seed=3),
            random.normal((4,), seed=3),
            random.dropout(ops.ones((6,)), 0.5, seed=4),
            random.randint((5,), 0, 100, seed=5),
        ]

    with registry.scope(registry.host()):
        expected = [ops.convert_to_numpy(each) for each in draws()]
    for found in (draws(), function(draws)()):
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            one = ops.convert_to_numpy(one)
            assert np.allclose(one, other, rtol=1e-6) if place == 1 else np.array_equal(one, other), (
                f"draw {place}: {one}, {other}"
            )
    generator = SeedGenerator(9)
    step = function(lambda: random.uniform((3,), seed=generator))
    first, second = ops.convert_to_numpy(step()), ops.convert_to_numpy(step())
    again = SeedGenerator(9)
    eager = [ops.convert_to_numpy(random.uniform((3,), seed=again)) for _ in range(2)]
    assert np.array_equal(first, eager[0]) and np.array_equal(second, eager[1]) and not np.array_equal(first, second)


# -- state and training


def state_in_functions(backend: Backend) -> None:
    """Assignments in compiled functions and in `value_and_grad` survive; those of a function that fails do not."""
    count, weight = Variable(0.0, trainable=False), Variable(np.array([1.0, 2.0], "float32"))

    def step(x: Any, fail: bool = False) -> Any:
        def loss() -> Any:
            count.assign(count + 1.0)
            return ops.sum(weight * x)

        value, (slope,) = value_and_grad(loss, [weight])
        weight.assign(weight - 0.5 * slope)
        if fail:
            raise ArithmeticError("on purpose")
        return value

    run = function(step)
    x = ops.convert_to_tensor(np.array([1.0, -1.0], "float32"))
    values = [float(ops.convert_to_numpy(run(x))) for _ in range(3)]
    assert values == [-1.0, -2.0, -3.0]
    assert float(count.numpy()) == 3.0 and weight.numpy().tolist() == [-0.5, 3.5]
    try:
        run(x, True)
    except ArithmeticError:
        pass
    else:
        raise AssertionError("the function's exception did not come through")
    assert float(count.numpy()) == 3.0 and weight.numpy().tolist() == [-0.5, 3.5]


def second_derivatives(backend: Backend) -> None:
    """`value_and_grad` inside `value_and_grad` gives second derivatives."""
    x = ops.convert_to_tensor(np.array([0.5, -1.5], "float32"))

    def slope_sum(values: list) -> tuple:
        _, _, (slope,) = backend.value_and_grad(lambda inner: (ops.sum(ops.exp(inner[0]) * inner[0]), []), values)
        return ops.sum(slope), []

    found = ops.convert_to_numpy(backend.value_and_grad(slope_sum, [x])[2][0])
    wrong = difference(found, np.exp([0.5, -1.5]) * (2 + np.array([0.5, -1.5])), FORMULA, "float32")
    assert wrong is None, wrong


def gradient_of_nothing(backend: Backend) -> None:
    """A value without part in the loss has gradient None or zeros; what is returned beside the loss comes through."""
    a, b = ops.ones((2,)), ops.ones((3,))
    loss, extra, (slope, none) = backend.value_and_grad(lambda v: (ops.sum(v[0] * 3.0), [v[0] + 1.0]), [a, b])
    assert float(ops.convert_to_numpy(loss)) == 6.0
    assert ops.convert_to_numpy(extra[0]).tolist() == [2.0, 2.0] and ops.convert_to_numpy(slope).tolist() == [3.0, 3.0]
    assert none is None or not ops.convert_to_numpy(none).any()


def training(backend: Backend) -> None:
    """Three steps of a small network by gradient descent give the losses of the NumPy backend to 1e-5."""
    expected, found = _losses(registry.host()), _losses(backend)
    assert expected[2] < expected[0] and np.allclose(found, expected, rtol=1e-5), f"{found}, expected {expected}"


def _losses(backend: Backend) -> list[float]:
    from kerasfront import initializers, layers, models, optimizers

    with registry.scope(backend):
        source = np.random.default_rng(1)
        x, y = source.normal(size=(8, 5)).astype("float32"), source.normal(size=(8, 2)).astype("float32")
        hidden = layers.Dense(6, activation="tanh", kernel_initializer=initializers.GlorotUniform(seed=1))
        model = models.Sequential(
            [layers.Input((5,)), hidden, layers.Dense(2, kernel_initializer=initializers.GlorotUniform(seed=2))]
        )
        model.compile(optimizer=optimizers.Adam(0.05), loss="mean_squared_error")
        return [float(model.train_on_batch(x, y)) for _ in range(3)]


# -- refusals


def refusals(backend: Backend) -> None:
    """Mistakes are refused in our words, before the engine sees them."""
    x = ops.ones((2, 3))
    mistakes: dict[str, Callable[[], Any]] = {
        "shapes that do not broadcast": lambda: ops.add(x, ops.ones((4,))),
        "a product of wrong sizes": lambda: ops.matmul(x, x),
        "an index out of range": lambda: ops.take(x, 5, axis=1),
        "an axis that is not there": lambda: ops.sum(x, axis=2),
        "a division of integers by zero": lambda: ops.floor_divide(ops.convert_to_tensor(3), ops.convert_to_tensor(0)),
        "a slice past the end": lambda: ops.slice(x, ops.convert_to_tensor(np.array([1, 1], "int32")), (2, 2)),
        "a shape of another size": lambda: ops.reshape(x, (4, 2)),
    }
    for mistake, call in mistakes.items():
        try:
            call()
        except errors.OpError:
            continue
        raise AssertionError(f"{mistake}: was let pass")


def division_by_zero_compiled(backend: Backend) -> None:
    """In a compiled function integers divided by 0 give 0 or are refused; other places are right."""
    numbers = [ops.convert_to_tensor(np.array(each, "int32")) for each in ([7, -7, 7, 0], [0, 0, -3, 0])]
    for call, expected in ((ops.floor_divide, [0, 0, -3, 0]), (ops.mod, [0, 0, -2, 0]), (ops.fmod, [0, 0, 1, 0])):
        try:
            found = ops.convert_to_numpy(function(call)(*numbers))
        except Exception as error:  # noqa: BLE001 - engines have their own classes for it
            assert "zero" in str(error).lower(), error
        else:
            assert found.tolist() == expected, found


def index_out_of_range_compiled(backend: Backend) -> None:
    """In a compiled function an index out of range gives NaN or is refused: never another row."""
    x = ops.convert_to_tensor(np.arange(6.0, dtype="float32").reshape(3, 2))
    take = function(lambda x, i: ops.take(x, i, axis=0))
    try:
        found = ops.convert_to_numpy(take(x, ops.convert_to_tensor(np.array([0, 3, -4, -1], "int32"))))
    except errors.OpError:
        return
    assert found[[0, 3]].tolist() == [[0, 1], [4, 5]] and np.isnan(found[[1, 2]]).all(), found


def round_trip(backend: Backend) -> None:
    """Values go to the engine and back unchanged, in every dtype that it keeps, and across engines."""
    for name in types_of(backend):
        tensor = ops.convert_to_tensor(np.array([[0, 1], [1, 0]]), name)
        assert dispatch.dtype_of(tensor) == name and dispatch.shape_of(tensor) == (2, 2), name
        assert ops.convert_to_numpy(tensor).astype("int64").tolist() == [[0, 1], [1, 0]], name
    host = registry.host().convert_to_tensor(np.array([1.0, 2.0], "float32"))
    taken = backend.from_other(host)
    assert backend.is_tensor(taken) and ops.convert_to_numpy(taken).tolist() == [1.0, 2.0]


BEHAVIOURS: dict[str, Callable[[Backend], None]] = {
    **{f"promotion-{row.op}": functools.partial(promotion.judge_row, row) for row in (*OF_TWO, *OF_ONE)},
    "random bits": random_bits,
    "random draws": random_draws,
    "state in functions": state_in_functions,
    "second derivatives": second_derivatives,
    "gradient of nothing": gradient_of_nothing,
    "training": training,
    "refusals": refusals,
    "division by zero compiled": division_by_zero_compiled,
    "index out of range compiled": index_out_of_range_compiled,
    "round trip": round_trip,
    **{f"models-{theme}": (lambda backend, theme=theme: in_models(theme, backend)) for theme in cases_by_theme()},
}

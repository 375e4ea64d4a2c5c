"""One seed gives one run on every engine, also where a model changes engines in the middle of it."""

import numpy as np
import pytest

import kerasfront as keras
from benchmarks import parity
from kerasfront.backend import registry

ENGINES = [name for name in ("numpy", "jax", "torch", "tensorflow") if name in registry.available()]
STEPS = 50


@pytest.fixture(scope="module")
def draws():
    return parity.compare_draws(ENGINES)


@pytest.mark.parametrize("model", parity.MODELS)
def test_initial_weights_are_equal_and_fifty_losses_agree(model):
    lines = parity.compare(ENGINES, STEPS, [model])
    assert len(lines) == len(ENGINES)
    for line in lines:
        assert line.initial_equal, line
        assert line.distance <= parity.RTOL, line
        assert abs(line.first_loss - line.last_loss) > 1e-3, line  # it has learned, so there was something to compare


def test_batch_order_and_dropout_masks_are_equal(draws):
    assert draws == dict.fromkeys(ENGINES, (True, True))


def test_each_epoch_has_a_new_order_and_each_step_a_new_mask():
    logs = parity.witness(ENGINES[0])
    rows = np.concatenate([one["rows"].ravel() for one in logs]).reshape(2, -1)
    assert not np.array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(np.sort(rows, axis=1), [np.arange(50)] * 2)
    assert len({one["mask"].tobytes() for one in logs}) == len(logs)


@pytest.mark.parametrize("same", [[1.0, 1.0], [1.0, 1.001], [1.0, np.nan]])
def test_distance_sees_what_is_apart(same):
    far = parity.distance(np.asarray(same), np.asarray([1.0, 1.0]))
    assert (far <= parity.RTOL) == (same == [1.0, 1.0])


def curve(first, second, moved):
    """Losses and final weights of six epochs, the last three on another engine."""
    x, y = parity.data_for(parity.mlp())
    with keras.backend.scope(first):
        keras.utils.set_random_seed(11)
        model = keras.Sequential(
            [
                keras.Input((20,)),
                keras.layers.Dense(32, activation="relu"),
                keras.layers.Dropout(0.2),
                keras.layers.Dense(4, activation="softmax"),
            ]
        )
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        losses = model.fit(x, y, batch_size=16, epochs=3, verbose=0).history["loss"]
    if moved:
        model = model.to_backend(second)
    with keras.backend.scope(second if moved else first):
        losses += model.fit(x, y, batch_size=16, epochs=6, initial_epoch=3, verbose=0).history["loss"]
    return np.asarray(losses), parity.copies(model)


@pytest.mark.parametrize(
    ("first", "second"), [("torch", "jax"), ("jax", "torch"), ("tensorflow", "numpy"), ("numpy", "tensorflow")]
)
def test_a_model_moved_in_the_middle_trains_on_as_if_nothing_had_happened(first, second):
    if first not in ENGINES or second not in ENGINES:
        pytest.skip(f"needs {first} and {second}, which are not both installed")
    losses, weights = curve(first, second, moved=True)
    assert len(losses) == 6
    assert losses[5] < losses[3] < losses[0]
    for engine in (first, second):
        alone, alone_weights = curve(engine, engine, moved=False)
        np.testing.assert_allclose(losses, alone, rtol=1e-3)
        for a, b in zip(weights, alone_weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)

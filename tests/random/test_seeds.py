"""Seeds: integers, generators, the global one, and `set_random_seed`."""

import copy
import pickle
import random as python_random

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops, random
from kerasfront.backend import registry
from kerasfront.state.seed import global_seed_generator, make_default_seed


def _draw(seed=None):
    return ops.convert_to_numpy(random.uniform((20,), seed=seed))


def test_integer_seed_gives_the_same_draw_each_time(engine):
    assert np.array_equal(_draw(5), _draw(5)) and not np.array_equal(_draw(5), _draw(6))


def test_generator_gives_another_draw_each_time_and_repeats_from_its_seed(engine):
    first, second = random.SeedGenerator(5), random.SeedGenerator(5)
    series = [_draw(first) for _ in range(4)]
    assert len({draw.tobytes() for draw in series}) == 4
    assert all(np.array_equal(draw, _draw(second)) for draw in series)
    assert np.array_equal(series[0], _draw(5))


def test_state_of_a_generator_is_seed_and_counter(engine):
    generator = random.SeedGenerator(2**32 - 1)
    assert generator.state.dtype == "uint32" and generator.state.shape == (2,) and not generator.state.trainable
    for _ in range(3):
        generator.next()
    assert generator.state.numpy().tolist() == [2**32 - 1, 3]


def test_restored_state_goes_on_with_the_series(engine):
    generator = random.SeedGenerator(1)
    _draw(generator)
    saved = generator.state.numpy()
    expected = _draw(generator)
    other = random.SeedGenerator(77)
    other.state.assign(saved)
    assert np.array_equal(_draw(other), expected)


def test_counter_wraps_around(engine):
    generator = random.SeedGenerator(1)
    generator.state.assign(np.asarray([1, 2**32 - 1], "uint32"))
    last = _draw(generator)
    assert generator.state.numpy().tolist() == [1, 0]
    assert not np.array_equal(last, _draw(generator))


def test_generator_counts_inside_a_compiled_function(engine):
    generator = random.SeedGenerator(3)
    step = keras.function(lambda: (random.uniform((5,), seed=generator), random.uniform((5,), seed=generator)))
    drawn = [ops.convert_to_numpy(part) for _ in range(3) for part in step()]
    eager = random.SeedGenerator(3)
    for part in drawn:
        np.testing.assert_array_equal(part, ops.convert_to_numpy(random.uniform((5,), seed=eager)))
    assert generator.state.numpy().tolist() == [3, 6]


def test_draws_without_seed_are_new_on_each_call_of_a_compiled_function(engine):
    step = keras.function(lambda: random.uniform((5,)))
    assert len({ops.convert_to_numpy(step()).tobytes() for _ in range(4)}) == 4


def test_set_random_seed_repeats_draws_inside_and_outside_compiled_functions(engine):
    step = keras.function(lambda: random.uniform((5,)))

    def series():
        keras.utils.set_random_seed(12)
        drawn = [_draw(), ops.convert_to_numpy(step()), _draw(), ops.convert_to_numpy(step())]
        return [part.tolist() for part in drawn], make_default_seed(), python_random.random(), np.random.rand()

    assert series() == series()


def test_draws_without_seed_are_the_same_on_every_engine(engine):
    def series():
        keras.utils.set_random_seed(4)
        step = keras.function(lambda: random.normal((5,)))
        return [
            part.tolist() for part in (_draw(), ops.convert_to_numpy(step()), ops.convert_to_numpy(step()), _draw())
        ]

    with registry.scope("numpy"):
        expected = series()
    assert series() == expected


def test_generators_without_seed_follow_set_random_seed():
    keras.utils.set_random_seed(9)
    first = [random.SeedGenerator().seed for _ in range(3)]
    keras.utils.set_random_seed(9)
    assert [random.SeedGenerator().seed for _ in range(3)] == first and len(set(first)) == 3


def test_python_and_numpy_draws_in_between_do_not_move_default_seeds():
    keras.utils.set_random_seed(9)
    expected = make_default_seed()
    keras.utils.set_random_seed(9)
    python_random.random(), np.random.rand()
    assert make_default_seed() == expected


def test_generator_comes_back_from_its_config():
    generator = random.SeedGenerator(8, name="noise")
    assert generator.get_config() == {"seed": 8, "name": "noise"}
    again = random.SeedGenerator.from_config(generator.get_config())
    assert again.state.numpy().tolist() == [8, 0]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda generator: pickle.loads(pickle.dumps(generator))])
def test_copies_go_on_from_the_same_state(engine, duplicate):
    generator = random.SeedGenerator(8)
    _draw(generator)
    other = duplicate(generator)
    assert np.array_equal(_draw(generator), _draw(other))


def test_threads_get_different_keys():
    from concurrent.futures import ThreadPoolExecutor

    generator = global_seed_generator()
    with ThreadPoolExecutor(8) as pool, registry.scope("numpy"):
        keys = list(pool.map(lambda _: tuple(generator.next().tolist()), range(400)))
    assert len(set(keys)) == 400


@pytest.mark.parametrize("seed", [1.5, "7", True, [1, 2], np.float32(1)])
def test_seeds_that_are_no_integers_are_refused(seed):
    with pytest.raises(ValueError, match="Expected an integer"):
        random.SeedGenerator(seed)
    with pytest.raises(ValueError, match="Expected an integer, a SeedGenerator or None"):
        random.uniform((2,), seed=seed)
    with pytest.raises(ValueError, match="Expected an integer"):
        keras.utils.set_random_seed(seed)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_set_random_seed_names_its_range(seed):
    with pytest.raises(ValueError, match="from 0 to 2\\^32 - 1"):
        keras.utils.set_random_seed(seed)

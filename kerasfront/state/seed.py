"""Seeds: which key a random draw gets.

A draw is named by the pair [seed, counter]. An integer seed means counter 0, the same draw each time. A
`SeedGenerator` counts in a Variable, so that draws inside compiled functions go on counting. No seed at all means the
global generator.
"""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np

from kerasfront import errors, naming, ops
from kerasfront.backend import registry
from kerasfront.backend.contract import Backend
from kerasfront.state import scope
from kerasfront.state.variable import Variable, name_scope

_NEXT = np.asarray([0, 1], "int32")


def host_words(seed: int, counter: int) -> np.ndarray:
    """Return the int32 pair that names a draw.

    Args:
        seed: any integer. Those from -2^32 to -1 are taken modulo 2^32, others beyond 32 bits are folded into 32.
        counter: which draw of this seed, modulo 2^32.
    """
    low, high = seed & 0xFFFFFFFF, seed >> 32
    while high not in (0, -1):
        low, high = (low + 0x9E3779B1 * (high & 0xFFFFFFFF)) & 0xFFFFFFFF, high >> 32
    return np.asarray([low, counter & 0xFFFFFFFF], "uint32").view("int32")


def _checked_seed(seed: Any, where: str) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise errors.OpError(
            f"{where}: seed is {seed!r}. Expected an integer. Pass one, or None for an unpredictable seed."
        )
    return seed.__index__()


class SeedGenerator:
    """A series of random draws that a seed determines.

    Args:
        seed: an integer; None takes the next of the default seeds, which `utils.set_random_seed` determines.
        name: of the generator.

    Attributes:
        state: a Variable of shape (2,) and dtype uint32, holding [seed, counter].

    Raises:
        ValueError: a seed that is no integer.

    Example:
        >>> import kerasfront as keras
        >>> seeds = keras.random.SeedGenerator(7)
        >>> first, second = keras.random.uniform((), seed=seeds), keras.random.uniform((), seed=seeds)
        >>> bool(first == second)
        False
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any):
        if kwargs:
            raise TypeError(
                f"SeedGenerator: unknown arguments {sorted(kwargs)}. Expected seed and name. Leave them out."
            )
        self.seed = make_default_seed() if seed is None else _checked_seed(seed, "SeedGenerator")
        self.name = name or naming.auto_name("SeedGenerator")
        with name_scope(self.name):
            self.state = Variable(
                host_words(self.seed, 0).view("uint32"), dtype="uint32", trainable=False, name="seed_generator_state"
            )

    def next(self, ordered: bool = True) -> Any:
        """Return the key of the next draw, an int32 tensor [seed, counter], and count on.

        Args:
            ordered: accepted for the Keras signature; draws are always in order.
        """
        words = ops.view(self.state.value, "int32")
        self.state.assign(ops.view(ops.add(words, _NEXT), "uint32"))
        return words

    def get_config(self) -> dict[str, Any]:
        """Return what makes the generator anew, at its first draw."""
        return {"seed": self.seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Make a generator from the dict of `get_config`."""
        return cls(**config)


class GlobalSeedGenerator:
    """The generator of draws without a seed.

    It counts on the host; inside a function that lifts state (a train step, `function`, `value_and_grad`) it counts
    in a Variable, so that each call of a compiled function draws anew. That holds on engines that do not compile,
    too, so all of them draw the same. The two counts have different seeds and never meet; each engine has a Variable
    of its own.
    """

    def __init__(self, seed: int):
        self._lock = threading.Lock()
        self._lifted: dict[str, SeedGenerator] = {}
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Start over with another seed; functions compiled before take it up."""
        with self._lock:
            self.seed, self._counter = seed, 0
            for generator in self._lifted.values():
                generator.state.assign(host_words(self._lifted_seed(), 0).view("uint32"))

    def _lifted_seed(self) -> int:
        return self.seed ^ 0x5851F42D

    def next(self) -> Any:
        """Return the key of the next draw: a host pair, or a tensor where state is lifted."""
        if scope.in_frame():
            return self._lifted_generator(registry.active()).next()
        with self._lock:
            counter = self._counter
            self._counter += 1
        return host_words(self.seed, counter)

    def _lifted_generator(self, backend: Backend) -> SeedGenerator:
        with self._lock:
            if backend.name not in self._lifted:
                self._lifted[backend.name] = SeedGenerator(self._lifted_seed(), name="global_seed_generator")
            return self._lifted[backend.name]


_default_seeds = random.Random()
_global = GlobalSeedGenerator(_default_seeds.getrandbits(32))


def global_seed_generator() -> GlobalSeedGenerator:
    """Return the generator of draws without a seed."""
    return _global


def make_default_seed() -> int:
    """Return a seed for something that was given none; `set_random_seed` determines the series of them."""
    return _default_seeds.randint(1, 10**9)


def set_random_seed(seed: int) -> None:
    """Seed Python's and NumPy's global generators and ours, so that all that follows can be repeated.

    Args:
        seed: an integer from 0 to 2^32 - 1.

    Raises:
        ValueError: anything else.

    Example:
        >>> import kerasfront as keras
        >>> keras.utils.set_random_seed(7)
        >>> a = keras.random.uniform((3,))
        >>> keras.utils.set_random_seed(7)
        >>> bool((a == keras.random.uniform((3,))).all())
        True
    """
    seed = _checked_seed(seed, "set_random_seed")
    if not 0 <= seed < 2**32:
        raise errors.OpError(
            f"set_random_seed: seed is {seed}. Expected an integer from 0 to 2^32 - 1. Pass a smaller one."
        )
    random.seed(seed)
    np.random.seed(seed)
    _default_seeds.seed(seed)
    _global.reset(seed)


def draw_seed(seed: Any) -> Any:
    """Return the key of one draw, an int32 pair [seed, counter]: on the host, or a tensor where a Variable counts.

    Args:
        seed: an integer, a `SeedGenerator`, or None for the global generator.

    Raises:
        ValueError: anything else.
    """
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return _global.next()
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise errors.OpError(
            f"random: seed is {seed!r}. Expected an integer, a SeedGenerator or None. Pass one of them."
        )
    return host_words(seed.__index__(), 0)


def host_copy(words: Any) -> np.ndarray:
    """Return a key on the host."""
    return words if isinstance(words, np.ndarray) else ops.convert_to_numpy(words)

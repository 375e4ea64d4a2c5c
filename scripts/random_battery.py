"""The statistical battery on the portable generator.

    python scripts/random_battery.py own                       our own tests, a few minutes
    python scripts/random_battery.py raw index | dieharder -a -g 200
    python scripts/random_battery.py dieharder                 `dieharder -a` on all four streams, hours
    python scripts/random_battery.py dieharder --streams seeds --tests 0 1 2

The raw streams are the generator's 32-bit words in four orders:

    index        elements 0, 1, 2, ... of one draw after the other, each of 2^31 - 1 elements
    counters     element 0 of the draws with counters 0, 1, 2, ... of one seed
    seeds        element 0 of the first draw of seeds 0, 1, 2, ...
    interleaved  draws of 256 neighbouring counters side by side: element 0 of each, element 1 of each, ...
"""

import argparse
import collections
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
from scipy import stats

from kerasfront import random
from kerasfront.backend import registry as backend
from kerasfront.ops.random_bits import MAX_ELEMENTS, derive_key, element_bits
from kerasfront.random.generator import host_bits
from kerasfront.state.seed import host_words

BLOCK = 1 << 16
STREAMS = ("index", "counters", "seeds", "interleaved")


def index_words() -> Iterator[np.ndarray]:
    """Walk along the index; the next counter follows when the index is used up."""
    for counter in range(2**32):
        key = derive_key(np, host_words(2026, counter), 0)
        for first in range(0, MAX_ELEMENTS, BLOCK):
            last = min(first + BLOCK, MAX_ELEMENTS)
            yield element_bits(np, np.arange(first, last, dtype="int32"), key)


def _first_elements(seeds: np.ndarray, counters: np.ndarray, elements: int = 1) -> np.ndarray:
    """Element e of each of many draws, as (elements, draws)."""
    words = np.stack(np.broadcast_arrays(seeds, counters)).astype("uint32").view("int32")
    return element_bits(np, np.arange(elements, dtype="int32")[:, None], derive_key(np, words, 0))


def counters_words() -> Iterator[np.ndarray]:
    """Walk along the counter; a new seed follows when the counter is used up."""
    for seed in range(2026, 2**32):
        for first in range(0, 2**32, BLOCK):
            yield _first_elements(np.asarray(seed), np.arange(first, first + BLOCK))


def seeds_words() -> Iterator[np.ndarray]:
    """Walk along the seed; a new counter follows when the seed is used up."""
    for counter in range(2**32):
        for first in range(0, 2**32, BLOCK):
            yield _first_elements(np.arange(first, first + BLOCK), np.asarray(counter))


def interleaved_words() -> Iterator[np.ndarray]:
    """Walk through groups of 256 neighbouring counters, 65536 elements of each, the counter running fastest."""
    for group in range(2**24):
        words = np.stack([np.full(256, 7), np.arange(group * 256, group * 256 + 256)]).astype("uint32").view("int32")
        key = derive_key(np, words, 0)
        for first in range(0, 65536, 256):
            yield element_bits(np, np.arange(first, first + 256, dtype="int32")[:, None], key)


def raw(stream: str) -> None:
    """Write the stream to standard output until the reader has had enough."""
    source = {"index": index_words, "counters": counters_words, "seeds": seeds_words, "interleaved": interleaved_words}
    try:
        for block in source[stream]():
            sys.stdout.buffer.write(np.ascontiguousarray(block).data)
    except BrokenPipeError:
        sys.stderr.close()  # Python would complain again when it flushes at exit


def dieharder(streams: list[str], tests: list[int]) -> None:
    """Run dieharder on each stream, print its table, and count the assessments."""
    which = [["-d", str(test)] for test in tests] or [["-a"]]
    for stream in streams:
        count: collections.Counter = collections.Counter()
        for choice in which:
            writer = subprocess.Popen([sys.executable, __file__, "raw", stream], stdout=subprocess.PIPE)
            reader = subprocess.Popen(
                ["dieharder", *choice, "-g", "200"], stdin=writer.stdout, stdout=subprocess.PIPE, text=True
            )
            for line in reader.stdout:
                print(stream, line.rstrip(), sep=" | ", flush=True)
                count.update(word for word in ("PASSED", "WEAK", "FAILED") if line.rstrip().endswith(word))
            writer.kill()
        print(stream, dict(count), sep=": ", flush=True)


# -- our own tests ---------------------------------------------------------------------------------
# Each yields (name, p-value): the probability, for a perfect generator, of a statistic this far out.

DRAWS, LENGTH = 400, 1 << 16
RATES = (0.1, 0.5, 0.9)


def _of_z(z: float) -> float:
    return float(2 * stats.norm.sf(abs(z)))


def _of_largest(z: np.ndarray) -> float:
    """p-value of the largest of many independent |z|."""
    return float(-np.expm1(z.size * np.log1p(-2 * stats.norm.sf(np.abs(z).max()))))


def _neighbours() -> Iterator[tuple[str, np.ndarray]]:
    """Draws side by side, (LENGTH, DRAWS): of neighbouring counters, of neighbouring seeds, of random keys."""
    index = np.arange(LENGTH, dtype="int32")[:, None]
    running = np.arange(DRAWS)
    keys = np.random.default_rng(0).integers(0, 2**32, (2, DRAWS))
    pairs = {
        "neighbouring counters": (np.full(DRAWS, 7), running),
        "neighbouring seeds": (running, np.zeros(DRAWS)),
        "random keys": tuple(keys),
    }
    for name, pair in pairs.items():
        words = np.stack(pair).astype("int64").astype("uint32").view("int32")
        yield name, element_bits(np, index, derive_key(np, words, 0))


def uniformity() -> Iterator[tuple[str, float]]:
    """Chi-square of each byte, over draws side by side; the sums over all draws are chi-square again."""
    for name, bits in _neighbours():
        for byte in range(4):
            values = (bits.view("uint32") >> (8 * byte)) & 255
            counts = np.stack([np.bincount(column, minlength=256) for column in values.T])
            statistic = ((counts - LENGTH / 256) ** 2).sum() / (LENGTH / 256)
            p = stats.chi2.sf(statistic, 255 * DRAWS)
            yield f"uniformity, byte {byte}, {name}", 2 * min(p, 1 - p)


def correlation_between_draws() -> Iterator[tuple[str, float]]:
    """Dropout masks and real numbers of one draw against those of a near one."""
    for name, bits in _neighbours():
        for distance in (1, 2, 7):
            first, second = bits[:, :-distance], bits[:, distance:]
            for rate in RATES:
                kept, threshold = 1 - rate, round(rate * 2**32) - 2**31
                products = ((first >= threshold) - kept) * ((second >= threshold) - kept)
                yield (
                    f"masks at rate {rate}, {name} {distance} apart",
                    _of_largest(products.sum(0) / (np.sqrt(LENGTH) * kept * rate)),
                )
            z = (first / 2.0**31 * (second / 2.0**31)).sum(0) * 3 / np.sqrt(LENGTH)
            yield f"correlation, {name} {distance} apart", _of_largest(z)
            yield f"mean correlation, {name} {distance} apart", _of_z(z.sum() / np.sqrt(z.size))


def correlation_along_the_index() -> Iterator[tuple[str, float]]:
    """Elements of a draw against those at some distance in the same draw."""
    bits = list(_neighbours())[2][1] / 2.0**31
    for lag in (1, 2, 3, 4, 7, 8, 16, 32, 64, 100, 128, 256, 1000, 1024, 4096, 32768):
        z = (bits[lag:] * bits[:-lag]).sum(0) * 3 / np.sqrt(LENGTH - lag)
        yield f"serial correlation, lag {lag}", _of_largest(z)
        yield f"mean serial correlation, lag {lag}", _of_z(z.sum() / np.sqrt(z.size))


def avalanche() -> Iterator[tuple[str, float]]:
    """Each output bit flips half of the time when one bit of the index, the seed or the counter does."""
    size = 1 << 17
    rng = np.random.default_rng(1)
    words = rng.integers(0, 2**32, (2, size)).astype("uint32").view("int32")
    index = rng.integers(0, 2**31, (1, size)).astype("int32")
    before = element_bits(np, index, derive_key(np, words, 0))

    def z_of(after: np.ndarray) -> np.ndarray:
        flips = (before ^ after).view("uint32").ravel()
        return np.asarray([(2.0 * ((flips >> k) & 1).mean() - 1) * np.sqrt(size) for k in range(32)])

    key = derive_key(np, words, 0)
    yield "avalanche, index", _of_largest(np.stack([z_of(element_bits(np, index ^ (1 << k), key)) for k in range(31)]))
    for row, name in enumerate(("seed", "counter")):
        z = []
        for k in range(32):
            flip = np.zeros((2, 1), "uint32")
            flip[row] = 1 << k
            z.append(z_of(element_bits(np, index, derive_key(np, words ^ flip.view("int32"), 0))))
        yield f"avalanche, {name}", _of_largest(np.stack(z))


def collisions() -> Iterator[tuple[str, float]]:
    """Equal words within draws of 2^20: as many as 32 random bits give, neither fewer (a permutation) nor more."""
    found = sum((1 << 20) - np.unique(host_bits(3, counter, (1 << 20,))).size for counter in range(50))
    expected = 50 * (2.0**20 - 2.0**32 * -np.expm1(2.0**20 * np.log1p(-(2.0**-32))))
    yield f"collisions, {found} for {expected:.0f}", _of_z((found - expected) / np.sqrt(expected))


def distributions() -> Iterator[tuple[str, float]]:
    """Kolmogorov-Smirnov and moments of a million draws, from the NumPy engine."""
    size = 1_000_000
    cases = [
        ("uniform", random.uniform((size,), -2.0, 3.0, seed=1), stats.uniform(-2, 5)),
        ("normal", random.normal((size,), 1.0, 2.0, seed=2), stats.norm(1, 2)),
        ("truncated normal", random.truncated_normal((size,), seed=3), stats.truncnorm(-2, 2)),
        ("normal float64", random.normal((size,), dtype="float64", seed=4), stats.norm()),
        ("uniform float64", random.uniform((size,), dtype="float64", seed=5), stats.uniform()),
        *((f"gamma {a}", random.gamma((size,), a, seed=6), stats.gamma(a)) for a in (0.3, 1.0, 2.5, 40.0)),
        *((f"beta {a}, {b}", random.beta((size,), a, b, seed=7), stats.beta(a, b)) for a, b in ((0.5, 0.5), (2, 5))),
    ]
    for name, drawn, law in cases:
        drawn = np.asarray(drawn, "float64")
        yield f"Kolmogorov-Smirnov, {name}", float(stats.kstest(drawn, law.cdf).pvalue)
        mean, variance, kurtosis = (float(moment) for moment in law.stats("mvk"))
        yield f"mean, {name}", _of_z((drawn.mean() - mean) / np.sqrt(variance / size))
        spread = ((drawn - mean) ** 2).mean() - variance
        yield f"variance, {name}", _of_z(spread / (variance * np.sqrt((kurtosis + 2) / size)))


def counts() -> Iterator[tuple[str, float]]:
    """Chi-square of draws that are whole numbers."""
    size = 1_000_000
    cases = [
        *((f"binomial {n}, {p}", random.binomial((size,), n, p, seed=8), stats.binom(n, p))
          for n, p in ((5, 0.3), (40, 0.02), (20, 0.5), (100, 0.3), (1000, 0.9), (100000, 0.4))),
        *((f"randint {n}", random.randint((size,), 0, n, seed=9), stats.randint(0, n)) for n in (3, 10, 1000)),
    ]  # fmt: skip
    for name, drawn, law in cases:
        drawn = np.asarray(drawn).astype("int64")
        edges = np.unique(law.ppf(np.linspace(0.0005, 0.9995, 200)).astype("int64"))
        expected = np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]])) * size
        observed = np.bincount(np.searchsorted(edges, drawn), minlength=edges.size + 1)
        enough = expected > 5
        yield f"chi-square, {name}", float(stats.chisquare(observed[enough], expected[enough], sum_check=False).pvalue)


def own() -> bool:
    """Run all of these tests and print a line for each; say whether none failed."""
    groups = (uniformity, correlation_between_draws, correlation_along_the_index, avalanche, collisions)
    good, number = True, 0
    with backend.scope("numpy"):
        for group in (*groups, distributions, counts):
            for name, p in group():
                verdict = "FAILED" if p < 1e-6 else "WEAK" if p < 0.001 else "PASSED"
                good, number = good and verdict != "FAILED", number + 1
                print(f"{name:60} p = {p:.6f}  {verdict}", flush=True)
    print(f"{number} tests")
    return good


def main() -> None:
    """Read the command line and run what it names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("own")
    commands.add_parser("raw").add_argument("stream", choices=STREAMS)
    heavy = commands.add_parser("dieharder")
    heavy.add_argument("--streams", nargs="*", choices=STREAMS, default=list(STREAMS))
    heavy.add_argument("--tests", nargs="*", type=int, default=[], help="dieharder's test numbers; all by default")
    options = parser.parse_args()
    if options.command == "own":
        sys.exit(0 if own() else 1)
    if options.command == "raw":
        raw(options.stream)
    else:
        dieharder(options.streams, options.tests)


if __name__ == "__main__":
    main()

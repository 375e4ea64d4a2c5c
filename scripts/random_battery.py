"""The statistical battery on the portable generator.

    python scripts/random_battery.py own                       our own tests, two minutes
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

from kerasfront.random import generator

BLOCK = 1 << 16
STREAMS = ("index", "counters", "seeds", "interleaved")


def index_words() -> Iterator[np.ndarray]:
    """Walk along the index; the next counter follows when the index is used up."""
    for counter in range(2**32):
        key = generator.derive_key(np, generator.host_words(2026, counter), 0)
        for first in range(0, generator.MAX_ELEMENTS, BLOCK):
            last = min(first + BLOCK, generator.MAX_ELEMENTS)
            yield generator.element_bits(np, np.arange(first, last, dtype="int32"), key)


def _first_elements(seeds: np.ndarray, counters: np.ndarray, elements: int = 1) -> np.ndarray:
    """Element e of each of many draws, as (elements, draws)."""
    words = np.stack(np.broadcast_arrays(seeds, counters)).astype("uint32").view("int32")
    return generator.element_bits(np, np.arange(elements, dtype="int32")[:, None], generator.derive_key(np, words, 0))


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
        key = generator.derive_key(np, words, 0)
        for first in range(0, 65536, 256):
            yield generator.element_bits(np, np.arange(first, first + 256, dtype="int32")[:, None], key)


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

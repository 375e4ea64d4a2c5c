"""The lattice and the promotion matrix against the oracles: that of JAX with 64 bits, and Keras's symbolic dtypes.

Keras follows JAX without 64 bits, so what it says is compared on types of at most 32.
"""

import itertools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerasfront import dtypes
from kerasfront.testing.promotion import OF_ONE, OF_TWO, PYTHON_NUMBERS, REFUSED, TYPES, takes_python_numbers

EVERY = (*TYPES, "uint64")
NARROW = [name for name in TYPES if not name.endswith("64")]
HALVES = ("float16", "bfloat16")

# Where the matrix differs from what Keras says, with the reason; each entry is (op, reason). All other ops agree.
BOOL_ARITHMETIC = (
    "numbers: the difference of two bools is -1, 0 or 1, which no bool holds (NumPy and the engines refuse)"
)
FLOATS_IN_BITS = "bits of floats: refused by us and by every engine; only Keras's shape inference lets them pass"
NO_FLOAT_RESULT = "its own documentation defines it by logarithms, roots or quotients, whose results are floats"
WEAK_FLOAT = "a Python float is weak, as everywhere; Keras takes it for float32 here"
FIRST_OR_ALL = "Keras's shape inference goes by the first argument, its engines differ; the lattice decides"
DIFFERENT = {
    **dict.fromkeys(("subtract", "floor_divide", "power", "matmul", "negative", "round"), BOOL_ARITHMETIC),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not"), FLOATS_IN_BITS),
    **dict.fromkeys(("left_shift", "right_shift", "gcd", "lcm"), FLOATS_IN_BITS),
    **dict.fromkeys(("heaviside", "hypot", "rsqrt", "erf", "reciprocal", "logsumexp"), NO_FLOAT_RESULT),
    **dict.fromkeys(("ldexp", "nextafter", "arctan2"), WEAK_FLOAT),
    **dict.fromkeys(("clip", "linspace"), FIRST_OR_ALL),
}


def _differs(op, kinds, ours, theirs):
    """Return whether a difference is one that its reason covers."""
    reason = DIFFERENT.get(op)
    if reason is FIRST_OR_ALL:
        return True
    if reason is BOOL_ARITHMETIC:
        return ("bool" in kinds and set(kinds) == {"bool"} and (ours, theirs) == ("int32", "bool")) or op == "matmul"
    if reason is FLOATS_IN_BITS:
        return ours == REFUSED or set(kinds) <= {"bool", "int"} or "int" in kinds
    if reason is NO_FLOAT_RESULT:
        return dtypes.is_float(ours)
    return reason is WEAK_FLOAT and ours in HALVES and theirs == "float32"


@pytest.mark.parametrize(
    "pair", list(itertools.combinations_with_replacement(EVERY, 2)), ids=lambda pair: "-".join(pair)
)
def test_lattice_is_that_of_the_source(pair):
    with jax.enable_x64(True):
        expected = jnp.promote_types(*(jnp.dtype(name) for name in pair)).name
    # Signed with uint64 has no common integer; the source's weak float is our default float type.
    assert dtypes.result_type(*pair) == ("float32" if expected == "float64" and "float64" not in pair else expected)


@pytest.mark.parametrize("kind", [int, float, complex])
@pytest.mark.parametrize("name", EVERY)
def test_python_numbers_are_as_weak_as_in_the_source(name, kind):
    expected = jax.eval_shape(lambda x: x + kind(1), jax.ShapeDtypeStruct((), jnp.dtype(name))).dtype.name
    with jax.enable_x64(True):
        wide = jax.eval_shape(lambda x: x + kind(1), jax.ShapeDtypeStruct((), jnp.dtype(name))).dtype.name
    ours = dtypes.result_type(name, kind)
    # A default type takes part where the number is not weak any more: 32 bits with us, 64 in the source.
    assert ours in (expected, wide)


@pytest.mark.parametrize(
    "pair", list(itertools.combinations_with_replacement(NARROW, 2)), ids=lambda pair: "-".join(pair)
)
def test_lattice_is_that_of_keras_up_to_32_bits(pair):
    ours = dtypes.result_type(*pair)
    assert {"int64": "int32"}.get(ours, ours) == keras.backend.result_type(*pair)


def _theirs(op, kinds):
    """Keras's dtype for an op on symbolic tensors (and Python numbers); None where it cannot tell."""
    numbers = {"bool": True, "int": 1, "float": 1.5}
    args = [keras.KerasTensor((3,), kind) if kind in TYPES and not weak else numbers[kind] for kind, weak in kinds]
    if op == "where":
        args.insert(0, keras.KerasTensor((3,), "bool"))
    if op == "concatenate":
        args = [args]
    if op == "trace":
        args = [keras.KerasTensor((3, 3), kinds[0][0])]
    if op == "clip":
        args.append(args[1])
    if op == "argpartition":
        args.append(0)
    try:
        return keras.backend.standardize_dtype(getattr(keras.ops, op)(*args).dtype)
    except (AttributeError, TypeError, ValueError, IndexError):
        return None


def _pairs(row):
    if row in OF_ONE:
        return [((name, False),) for name in NARROW]
    pairs = [((a, False), (b, False)) for a, b in itertools.product(NARROW, repeat=2)]
    if takes_python_numbers(row):
        pairs += [
            ((a, False), (dtypes.kind_of_python_value(b), True)) for a, b in itertools.product(NARROW, PYTHON_NUMBERS)
        ]
    return pairs


def _differences(row):
    found = []
    for kinds in _pairs(row):
        theirs = _theirs(row.op, kinds)
        ours = row.expected(*(kind for kind, _ in kinds))
        # Keras has 32 bits where the lattice says 64.
        ours = {"int64": "int32"}.get(ours, ours)
        if theirs is not None and theirs != ours:
            found.append((tuple(kind for kind, _ in kinds), ours, theirs))
    return found


@pytest.mark.parametrize("row", [*OF_TWO, *OF_ONE], ids=lambda row: row.op)
def test_matrix_is_that_of_keras_but_for_the_listed_reasons(row):
    found = _differences(row)
    assert [each for each in found if not _differs(row.op, *each)] == []
    assert bool(found) is (row.op in DIFFERENT), "the list of differences is strict"


def test_matrix_is_not_empty_for_the_oracle():
    told = [row.op for row in (*OF_TWO, *OF_ONE) if any(_theirs(row.op, kinds) for kinds in _pairs(row)[:1])]
    assert len(told) > 60


def test_python_numbers_of_numpy_are_not_weak():
    assert dtypes.result_type("float16", np.float32(1).dtype) == "float32"

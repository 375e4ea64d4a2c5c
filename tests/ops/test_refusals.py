"""Bad arguments of elementwise, creation and movement ops are refused in our words, alike on every engine."""

import numpy as np
import pytest

from kerasfront import errors, ops
from kerasfront.state.function import function

MATRIX = np.ones((2, 3), "float32")


def tensor(value, dtype="float32"):
    return ops.convert_to_tensor(np.array(value, dtype))


REFUSED = {
    "arange by 0": (lambda: ops.arange(0, 3, 0), "arange: step is 0"),
    "arange to a vector": (lambda: ops.arange(tensor([1, 2], "int32")), "arange: a bound is"),
    "argpartition out of range": (lambda: ops.argpartition(tensor([1.0, 2.0]), 2), "kth 2 is out of range for size 2"),
    "array_split into none": (lambda: ops.array_split(tensor(MATRIX), 0), "array_split: 0 parts"),
    "bits of floats": (lambda: ops.bitwise_and(tensor([1.0]), 1), "expected integers or bool, got float32"),
    "gcd of floats": (lambda: ops.gcd(tensor([1.0]), 1), "expected integers or bool"),
    "length that is no integer": (lambda: ops.hanning(2.5), "hanning: cannot take 2.5 for a length"),
    "length that is a vector": (lambda: ops.kaiser(tensor([3, 4], "int32"), 1.0), "kaiser: cannot take"),
    "cross of 4": (lambda: ops.cross(tensor(np.ones(4)), tensor(np.ones(4))), "has size 4. Expected 2 or 3"),
    "diag of a cube": (lambda: ops.diag(tensor(np.ones((1, 2, 3)))), r"diag: shape \(1, 2, 3\)"),
    "diagonal of one axis": (lambda: ops.diagonal(tensor(MATRIX), 0, 1, -1), "diagonal: axes 1 and 1"),
    "dsplit of a matrix": (lambda: ops.dsplit(tensor(MATRIX), 1), r"dsplit: shape \(2, 3\). Expected 3 axes"),
    "fliplr of a vector": (lambda: ops.fliplr(tensor([1.0])), "fliplr: shape"),
    "fmod by 0": (lambda: ops.fmod(tensor([1], "int32"), tensor([0], "int32")), "division of integers by zero"),
    "hsplit unevenly": (lambda: ops.hsplit(tensor(MATRIX), 2), "does not divide into 2 equal parts"),
    "mod by 0": (lambda: ops.mod(tensor([1], "int32"), 0), "division of integers by zero"),
    "power below 0": (lambda: ops.power(tensor([2], "int32"), -1), "integers to a negative power, -1"),
    "largest of nothing": (lambda: ops.max(tensor(np.ones((0, 2))), axis=0), "reduction over an empty axis"),
    "meshgrid by another indexing": (lambda: ops.meshgrid(tensor([1.0]), indexing="xx"), "indexing is 'xx'"),
    "select of nothing": (lambda: ops.select([], []), "select: 0 conditions and 0 choices"),
    "unravel_index beyond": (lambda: ops.unravel_index(tensor([6], "int32"), (2, 3)), "index 6 is out of range"),
    "unravel_index below 0": (lambda: ops.unravel_index(tensor([-1], "int32"), (2, 3)), "index -1 is out of range"),
    "vander of a matrix": (lambda: ops.vander(tensor(MATRIX)), "vander: shape"),
    "view_as_complex of threes": (
        lambda: ops.view_as_complex(tensor(MATRIX)),
        r"Expected real numbers of shape \(..., 2",
    ),
    "vectorize with a wrong signature": (lambda: ops.vectorize(ops.sum, signature="n->"), "cannot be read"),
    "vectorize of other sizes": (
        lambda: ops.vectorize(ops.dot, signature="(n),(n)->()")(tensor([1.0]), tensor([1.0, 2.0])),
        "does not fit",
    ),
    "vectorize with too few": (lambda: ops.vectorize(ops.dot, signature="(n),(n)->()")(tensor([1.0])), "2 arguments"),
}
PATTERNS = {
    "a b": "0 arrows",
    "a b -> a": "'b' stands on one side only",
    "a a -> a": "'a' stands twice",
    "a (b c) -> a b c": "the sizes of",
    "a b c -> a b c": "the left side has 3 axes, the tensor 2",
    "(a b -> a b": "unbalanced",
    "a b) -> a b": "unbalanced",
    "a $ -> a $": "cannot read",
    "a ... -> a": "'...' has to stand once on each side",
    "a 1 -> a": "an axis has size 3, the pattern says 1",
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_arguments_are_refused(engine, name):
    call, message = REFUSED[name]
    with pytest.raises(errors.OpError, match=message):
        call()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_bad_patterns_are_refused(engine, pattern):
    with pytest.raises(errors.OpError) as caught:
        ops.rearrange(tensor(MATRIX), pattern)
    assert PATTERNS[pattern] in str(caught.value)
    assert str(caught.value).startswith(f"rearrange: pattern {pattern!r}: ")


def test_size_that_does_not_divide_is_refused(engine):
    with pytest.raises(errors.OpError, match="an axis of size 3 does not divide into parts of 2"):
        ops.rearrange(tensor(MATRIX), "a (b c) -> a b c", c=2)


def test_size_of_an_unknown_name_is_refused(engine):
    with pytest.raises(errors.OpError, match="the size of 'z' is given"):
        ops.rearrange(tensor(MATRIX), "a b -> b a", z=2)


def test_bounds_of_arange_may_be_scalar_tensors(engine):
    found = ops.arange(tensor(1, "int32"), tensor(7, "int32"), 2)
    assert ops.convert_to_numpy(found).tolist() == [1, 3, 5]
    assert ops.dtype(found) == "int32"
    assert ops.dtype(ops.arange(tensor(3.0))) == "float32"


def test_traced_length_is_refused(engine):
    length = tensor(4, "int32")
    if ops.convert_to_numpy(length) == 4 and not _traces(length):
        pytest.skip("the engine runs compiled functions on plain values")
    for op in (ops.arange, ops.bartlett):
        with pytest.raises(errors.OpError, match="known"):
            function(op)(length)


def _traces(value):
    from kerasfront.backend import dispatch

    seen = []
    function(lambda x: seen.append(dispatch.is_concrete(x)) or x)(value)
    return seen == [False]

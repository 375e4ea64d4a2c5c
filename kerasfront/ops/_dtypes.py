"""The dtype rules of ops, one function a rule.

A rule takes the kinds of the tensor arguments (dtype names; "int", "float", "complex" for Python scalars, which are
weak) and the dtype asked for, if the op has such an argument. It returns the dtype to cast each argument to (None:
leave it) and the dtype of the result (a list for several results).
"""

from __future__ import annotations

from collections.abc import Callable

from kerasfront import dtypes
from kerasfront.backend.dispatch import keep
from kerasfront.errors import OpError

Kinds = tuple[str, ...]
Wanted = str | None
Rule = tuple[list, object]

__all__ = ["keep"]


def _common(kinds: Kinds) -> str:
    return dtypes.strengthen(dtypes.least_upper_bound(*kinds))


def promote(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """All arguments to their least upper bound, which is the result."""
    common = _common(kinds)
    return [common] * len(kinds), common


def promote_float(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """As `promote`, integers and bool to the default float type."""
    common = dtypes.float_type(*kinds)
    return [common] * len(kinds), common


def product(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """As `no_bool`; int8 alone is added up in int32, in which it does not overflow."""
    common = str(no_bool(kinds)[1])
    common = "int32" if common == "int8" else common
    return [common] * len(kinds), common


def float_of_first(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """All arguments to the dtype of the first, the default float type if it is none; which is the result."""
    common = dtypes.float_type(kinds[0])
    return [common] * len(kinds), common


def compare(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Arguments to their least upper bound; the result is bool."""
    return [_common(kinds)] * len(kinds), "bool"


def predicate(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Float arguments; the result is bool."""
    return promote_float(kinds)[0], "bool"


def logical(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Arguments to bool; the result is bool."""
    return ["bool"] * len(kinds), "bool"


def integer(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Integers and bool only."""
    common = _common(kinds)
    if not (dtypes.is_int(common) or common == "bool"):
        raise OpError(f"expected integers or bool, got {common}. Cast the arguments first.")
    return [common] * len(kinds), common


def integer_no_bool(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Integers only; bool to int32."""
    common = str(integer(kinds)[1])
    common = "int32" if common == "bool" else common
    return [common] * len(kinds), common


def no_bool(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """As `promote`, bool to int32."""
    common = _common(kinds)
    common = "int32" if common == "bool" else common
    return [common] * len(kinds), common


def accumulate(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Sums and products: integers below 32 bits widen to 32, bool counts in int32."""
    common = _common(kinds)
    if common in ("bool", "int8", "int16"):
        common = "int32"
    elif common in ("uint8", "uint16"):
        common = "uint32"
    return [common] * len(kinds), common


def cumulate(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Running sums and products: as they are, or as asked for; bool in int32."""
    common = wanted or _common(kinds)
    common = "int32" if common == "bool" else common
    return [common] * len(kinds), common


def position(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Arguments stay; the result is int32."""
    return [None] * len(kinds), "int32"


def condition(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """A bool first, then values to their least upper bound, which is the result."""
    common = _common(kinds[1:])
    return ["bool"] + [common] * (len(kinds) - 1), common


def indexed(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """A tensor that stays, then indices: integers stay, others become int32."""
    targets = [None if kind in dtypes.SIGNED + dtypes.UNSIGNED else "int32" for kind in kinds[1:]]
    return [None, *targets], dtypes.strengthen(kinds[0])


def updated(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """A tensor, int32 indices, and updates that take the tensor's dtype."""
    result = dtypes.strengthen(kinds[0])
    targets = [None if kinds[1] in ("int32", "int64") else "int32", result]
    return [None, *targets][: len(kinds)], result


def assigned(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """All further arguments take the first one's dtype."""
    result = dtypes.strengthen(kinds[0])
    return [None] + [result] * (len(kinds) - 1), result


def asked(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """The result has the dtype asked for, else the first argument's."""
    return [None] * len(kinds), wanted or (dtypes.strengthen(kinds[0]) if kinds else dtypes.standardize_dtype(None))


def converted(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """As `asked`; a Python float becomes the float type asked for at once, without being rounded to the default one
    first."""
    at_once = kinds[0] == "float" and wanted in dtypes.FLOATS
    return [wanted if at_once else None], asked(kinds, wanted)[1]


def created(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Arguments to the dtype asked for, which is the default float type where none is."""
    result = wanted or dtypes.standardize_dtype(None)
    return [result] * len(kinds), result


def searched(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Arguments to their least upper bound; the result is int32."""
    return [_common(kinds)] * len(kinds), "int32"


def _real(dtype: str) -> str:
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def magnitude(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """As `promote`; the result of complex numbers is real."""
    common = _common(kinds)
    return [common] * len(kinds), _real(common)


def real_part(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """The real type that belongs to the argument's."""
    return [None], _real(dtypes.strengthen(kinds[0]))


def complex_pair(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Two real tensors make a complex one."""
    common = "float64" if _common(kinds) == "float64" else "float32"
    return [common] * len(kinds), "complex128" if common == "float64" else "complex64"


def to_complex(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Complex in, complex out."""
    result = "complex128" if _common(kinds) in ("float64", "complex128") else "complex64"
    return [result] * len(kinds), result


def from_complex(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Complex in, real out."""
    target = to_complex(kinds)[1]
    return [target] * len(kinds), _real(str(target))


def real_to_complex(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Real in, complex out."""
    common = "float64" if _common(kinds) == "float64" else "float32"
    return [common] * len(kinds), "complex128" if common == "float64" else "complex64"


def _results(count: int) -> Callable[..., Rule]:
    def rule(kinds: Kinds, wanted: Wanted = None) -> Rule:
        common = dtypes.float_type(*kinds)
        return [common] * len(kinds), [common] * count

    return rule


pair = _results(2)
triple = _results(3)


def factor_and_pivots(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """A float factorization and int32 pivots."""
    common = dtypes.float_type(*kinds)
    return [common] * len(kinds), [common, "int32"]


def complex_pair_of_results(kinds: Kinds, wanted: Wanted = None) -> Rule:
    """Float in, two complex results."""
    common = dtypes.float_type(*kinds)
    result = "complex128" if common in ("float64", "complex128") else "complex64"
    return [common] * len(kinds), [result, result]

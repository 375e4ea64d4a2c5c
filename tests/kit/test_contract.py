"""The contract has its size, and the kit has a case for all of it."""

from pathlib import Path

import numpy as np
import pytest

from kerasfront import ops
from kerasfront.backend import registry
from kerasfront.backend.operators import OPS
from kerasfront.testing import coverage
from kerasfront.testing.cases import all_cases
from kerasfront.testing.conformance import Gap, gaps_of, read_gaps, reason_for
from kerasfront.testing.promotion import OF_ONE, OF_TWO

# A new primitive raises this number, and says in its change why it cannot be derived at acceptable speed.
PRIMITIVES = 109
MOST = 125
# Derived ops without a case, with the reason. The list only shrinks.
UNCASED = {
    "nadam_update": "judged by the optimizer's tests against the oracle",
    "lamb_update": "judged by the optimizer's tests against the oracle",
    "ftrl_update": "judged by the optimizer's tests against the oracle",
    "adafactor_update": "judged by the optimizer's tests against the oracle",
    "size": "gives a Python integer, no tensor",
}


def test_number_of_primitives():
    assert len(ops.primitives()) == len(set(ops.primitives())) == PRIMITIVES <= MOST


def test_every_primitive_has_a_case():
    cased = {case.op for case in all_cases().values()}
    assert [name for name in ops.primitives() if name not in cased] == []


def test_every_derived_op_has_a_case_or_a_reason():
    cased = {case.op for case in all_cases().values()}
    derived = {name for name, op in OPS.items() if hasattr(op, "op") and not op.op.primitive}
    assert sorted(derived - cased) == sorted(UNCASED)


def test_every_case_names_an_op_and_has_a_reference():
    wrong = [case.id for case in all_cases().values() if not hasattr(ops, case.op) or case.reference is None]
    assert wrong == []


def test_every_dtype_rule_is_in_the_promotion_matrix():
    names = [row.op for row in (*OF_TWO, *OF_ONE)]
    rules = {OPS[name].op.dtype_rule.__name__ for name in names if name in OPS and hasattr(OPS[name], "op")}
    assert {
        "promote",
        "promote_float",
        "no_bool",
        "compare",
        "logical",
        "accumulate",
        "position",
        "magnitude",
        "integer",
        "integer_no_bool",
        "predicate",
    } <= rules


def test_every_primitive_is_native_on_every_engine(engine):
    missing = [row[0] for row in coverage.table([engine]) if row[1] == "missing"]
    listed = gaps_of(registry.get(engine))
    assert [name for name in missing if not any(gap.covers(name, "runs") for gap in listed)] == []


def test_report_counts_what_the_table_shows():
    text = coverage.report(["numpy"])
    assert f"numpy: {PRIMITIVES} native" in text
    assert "softmax" in text


def test_the_coverage_table_in_the_docs_is_that_of_the_code():
    written = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert written == coverage.markdown(["numpy", "jax", "torch", "tensorflow"]), "run: make coverage"


def test_markdown_gives_the_reason_of_what_is_missing(monkeypatch):
    backend = registry.get("numpy")
    monkeypatch.setattr(backend.ops, "exp", None)
    monkeypatch.setattr(coverage, "gaps_of", lambda backend: [Gap("exp", "no kernel")])
    assert "- `exp` on numpy: no kernel" in coverage.markdown(["numpy"])
    assert "| `exp` | missing |" in coverage.markdown(["numpy"])


def test_gaps_are_read_with_their_reasons(tmp_path):
    path = tmp_path / "conformance.toml"
    path.write_text(
        '[[gap]]\ncase = "eig*"\nreason = "no kernel"\n[[gap]]\ncase = "sort"\njudge = "gradient"\nreason = "none"\n'
    )
    gaps = read_gaps(path)
    assert gaps == [Gap("eig*", "no kernel"), Gap("sort", "none", "gradient")]
    assert reason_for(gaps, "eigh-values", "runs") == "no kernel"
    assert reason_for(gaps, "sort", "values") is None


@pytest.mark.parametrize(
    "entry", ['case = "exp"', 'reason = "why"', 'case = "exp"\nreason = ""', 'case = "exp"\nreason = "why"\nodd = 1']
)
def test_a_gap_without_reason_or_with_unknown_keys_is_refused(tmp_path, entry):
    path = tmp_path / "conformance.toml"
    path.write_text(f"[[gap]]\n{entry}\n")
    with pytest.raises(ValueError, match="needs case and reason"):
        read_gaps(path)


def test_references_do_not_change_their_arguments():
    for case in all_cases().values():
        before = case.host("float64")
        case.expected("float64")
        assert all(
            np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            for a, b in zip(before, case.host("float64"), strict=True)
        ), case.id

"""Every case before its judges, on every backend of the run."""

from __future__ import annotations

import pytest

from kerasfront.backend import registry
from kerasfront.testing import judges
from kerasfront.testing.calls import float_types
from kerasfront.testing.cases import all_cases
from kerasfront.testing.conformance import gaps_of
from kerasfront.testing.plugin import chosen_judges, engines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each case and backend.

    The backends of a case follow each other, so that they share the reference also where workers divide the tests.
    """
    if "judged" not in metafunc.fixturenames:
        return
    given = metafunc.config.getoption("--kf-conformance")
    gaps = {name: gaps_of(registry.get(name), given) for name in engines(metafunc.config)}
    chosen = chosen_judges(metafunc.config)
    tests = [
        pytest.param((case, name, listed, chosen), id=f"{name}-{case.id}")
        for case in all_cases().values()
        for name, listed in gaps.items()
        if float_types(case, registry.get(name))
    ]
    metafunc.parametrize("judged", tests)


def test_case(judged: tuple) -> None:
    """The judges find for the backend; listed gaps, and nothing else, fail."""
    met = judges.try_case(*judged)
    if met:
        pytest.xfail("; ".join(met))

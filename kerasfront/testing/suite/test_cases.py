"""Every case before every judge, on every backend of the run."""

from __future__ import annotations

import pytest

from kerasfront.backend import registry
from kerasfront.testing import judges
from kerasfront.testing.cases import all_cases
from kerasfront.testing.conformance import gaps_of, reason_for
from kerasfront.testing.plugin import engines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each backend, case and judge; a listed gap is expected to fail, strictly."""
    if "judged" not in metafunc.fixturenames:
        return
    tests = []
    for name in engines(metafunc.config):
        backend = registry.get(name)
        gaps = gaps_of(backend, metafunc.config.getoption("--kf-conformance"))
        for case in all_cases().values():
            for judge in judges.judges_of(case, backend):
                reason = reason_for(gaps, case.id, judge)
                marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
                tests.append(pytest.param((name, case, judge), id=f"{name}-{case.id}-{judge}", marks=marks))
    metafunc.parametrize("judged", tests)


def test_case(judged: tuple) -> None:
    """The judge finds for the backend."""
    name, case, judge = judged
    judges.judge(judge, case, name)

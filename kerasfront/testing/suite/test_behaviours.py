"""Every behaviour on every backend of the run."""

from __future__ import annotations

import pytest

from kerasfront.backend import registry
from kerasfront.testing.behaviours import BEHAVIOURS
from kerasfront.testing.cases import all_cases
from kerasfront.testing.conformance import gaps_of, reason_for
from kerasfront.testing.judges import judges_of
from kerasfront.testing.plugin import engines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each backend and behaviour; a listed gap is expected to fail, strictly."""
    names = engines(metafunc.config)
    given = metafunc.config.getoption("--kf-conformance")
    if "behaviour" in metafunc.fixturenames:
        tests = []
        for name in names:
            gaps = gaps_of(registry.get(name), given)
            for behaviour in BEHAVIOURS:
                reason = reason_for(gaps, behaviour, "behaviour")
                marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
                tests.append(pytest.param((name, behaviour), id=f"{name}-{behaviour}", marks=marks))
        metafunc.parametrize("behaviour", tests)
    if "listing" in metafunc.fixturenames:
        metafunc.parametrize("listing", [(name, gaps_of(registry.get(name), given)) for name in names], ids=names)


def test_behaviour(behaviour: tuple[str, str]) -> None:
    """The backend behaves as every backend does."""
    engine, name = behaviour
    with registry.scope(engine) as backend:
        BEHAVIOURS[name](backend)


def test_each_listed_gap_names_something(listing: tuple) -> None:
    """A gap is about at least one case and judge, or behaviour, of this version of the kit."""
    name, gaps = listing
    backend = registry.get(name)
    if not gaps:
        return
    judged = [(case.id, judge) for case in all_cases().values() for judge in judges_of(case, backend)]
    judged += [(behaviour, "behaviour") for behaviour in BEHAVIOURS]
    assert [gap for gap in gaps if not any(gap.covers(*each) for each in judged)] == []

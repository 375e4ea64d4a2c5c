"""What tests of training share."""

import pytest

from kerasfront.state import repeated


@pytest.fixture
def repeated_steps(monkeypatch):
    """How many steps the engine has repeated in each call."""
    counts = []
    original = repeated.Repeated.__call__

    def counted(self, order, first, count):
        done = original(self, order, first, count)
        counts.append(count if done else 0)
        return done

    monkeypatch.setattr(repeated.Repeated, "__call__", counted)
    return counts

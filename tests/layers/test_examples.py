"""The examples in the docstrings of layers run and give what they say.

On one engine: that all agree is for the other tests of layers.
"""

import doctest
import importlib
import pkgutil

import pytest

import kerasfront as kf


def examples_in_layers():
    for module in pkgutil.iter_modules(kf.layers.__path__):
        for test in doctest.DocTestFinder().find(importlib.import_module(f"kerasfront.layers.{module.name}")):
            if test.examples:
                yield test.name.removeprefix("kerasfront.layers."), test


TESTS = dict(examples_in_layers())


@pytest.mark.parametrize("name", TESTS)
def test_example_gives_what_it_says(name):
    report = []
    with kf.backend.scope("numpy"):
        results = doctest.DocTestRunner(verbose=False).run(TESTS[name], out=report.append)
    assert results.attempted > 0
    assert results.failed == 0, "".join(report)


def test_layers_have_examples():
    assert len(TESTS) > 50
    assert "pooling.AdaptiveMaxPooling2D" in TESTS

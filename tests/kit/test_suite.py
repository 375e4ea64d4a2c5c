"""The conformance kit on every engine installed, as a stranger runs it on theirs."""

from kerasfront.testing.suite import test_behaviours, test_cases

test_case = test_cases.test_case
test_behaviour = test_behaviours.test_behaviour
test_each_listed_gap_names_something = test_behaviours.test_each_listed_gap_names_something


def pytest_generate_tests(metafunc):
    test_cases.pytest_generate_tests(metafunc)
    test_behaviours.pytest_generate_tests(metafunc)

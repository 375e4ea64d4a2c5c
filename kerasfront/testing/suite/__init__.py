"""The conformance kit as tests: `pytest -p kerasfront.testing.plugin --pyargs kerasfront.testing.suite`."""

"""The conformance kit as tests: `pytest --pyargs kerasfront.testing.suite --kf-backend yours`."""

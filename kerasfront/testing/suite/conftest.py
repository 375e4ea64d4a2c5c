"""The options and fixtures of the kit, where they are not loaded yet."""

pytest_plugins = ["kerasfront.testing.plugin"]

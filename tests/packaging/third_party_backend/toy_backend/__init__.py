"""A third party's backend for kerasfront."""

from toy_backend.backend import ToyBackend

backend = ToyBackend()

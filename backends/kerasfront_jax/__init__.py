"""The JAX backend of kerasfront."""

from kerasfront_jax.backend import JaxBackend

backend = JaxBackend()

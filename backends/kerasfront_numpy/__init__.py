"""The NumPy engine behind the front's contract; gradients come from autograd."""

from kerasfront_numpy.backend import NumpyBackend

backend = NumpyBackend()

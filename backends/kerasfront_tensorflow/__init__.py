"""The TensorFlow backend of kerasfront."""

import os

# TensorFlow's C++ side reports what hardware it finds, on every import. Who wants that sets the variable.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import kerasfront_tensorflow.interoperation
from kerasfront_tensorflow.backend import TensorFlowBackend

backend = TensorFlowBackend()

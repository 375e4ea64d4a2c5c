"""Layers."""

from typing import Any

from kerasfront.layers.attention import MultiHeadAttention as MultiHeadAttention
from kerasfront.layers.attention import Softmax as Softmax
from kerasfront.layers.convolutional import Conv1D as Conv1D
from kerasfront.layers.convolutional import Conv2D as Conv2D
from kerasfront.layers.convolutional import Conv3D as Conv3D
from kerasfront.layers.dense import Dense as Dense
from kerasfront.layers.dropout import Dropout as Dropout
from kerasfront.layers.einsum_dense import EinsumDense as EinsumDense
from kerasfront.layers.embedding import Embedding as Embedding
from kerasfront.layers.input_layer import Input as Input
from kerasfront.layers.input_layer import InputLayer as InputLayer
from kerasfront.layers.input_spec import InputSpec as InputSpec
from kerasfront.layers.layer import Layer as Layer
from kerasfront.layers.merging import *  # noqa: F403
from kerasfront.layers.normalizing import BatchNormalization as BatchNormalization
from kerasfront.layers.normalizing import LayerNormalization as LayerNormalization
from kerasfront.layers.pooling import *  # noqa: F403
from kerasfront.layers.recurrent import GRU as GRU
from kerasfront.layers.recurrent import LSTM as LSTM
from kerasfront.layers.recurrent import RNN as RNN
from kerasfront.layers.recurrent import SimpleRNN as SimpleRNN
from kerasfront.layers.recurrent_cells import GRUCell as GRUCell
from kerasfront.layers.recurrent_cells import LSTMCell as LSTMCell
from kerasfront.layers.recurrent_cells import SimpleRNNCell as SimpleRNNCell
from kerasfront.layers.recurrent_cells import StackedRNNCells as StackedRNNCells
from kerasfront.layers.shaping import Activation as Activation
from kerasfront.layers.shaping import Flatten as Flatten
from kerasfront.layers.shaping import Lambda as Lambda
from kerasfront.layers.shaping import Permute as Permute
from kerasfront.layers.shaping import Rescaling as Rescaling
from kerasfront.layers.shaping import Reshape as Reshape
from kerasfront.layers.wrappers import Bidirectional as Bidirectional
from kerasfront.layers.wrappers import TimeDistributed as TimeDistributed
from kerasfront.layers.wrappers import Wrapper as Wrapper

Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D


def serialize(layer: Any) -> Any:
    """Return a layer as plain data."""
    from kerasfront import registration

    return registration.serialize_keras_object(layer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Make a layer from plain data."""
    from kerasfront import registration

    return registration.deserialize_keras_object(config, custom_objects)


def __getattr__(name: str) -> Any:
    from kerasfront import errors

    if name.startswith("__"):
        raise AttributeError(name)
    near = errors.nearest(name, [key for key in globals() if key[0].isupper()])
    raise AttributeError(
        f"module 'kerasfront.layers' has no layer {name!r}." + (f" Did you mean {near!r}?" if near else "")
    )

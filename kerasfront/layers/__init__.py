"""Layers."""

from typing import Any

from kerasfront.layers.activating import ELU as ELU
from kerasfront.layers.activating import LeakyReLU as LeakyReLU
from kerasfront.layers.activating import PReLU as PReLU
from kerasfront.layers.activating import ReLU as ReLU
from kerasfront.layers.attention import MultiHeadAttention as MultiHeadAttention
from kerasfront.layers.attention import Softmax as Softmax
from kerasfront.layers.convolutional import Conv1D as Conv1D
from kerasfront.layers.convolutional import Conv2D as Conv2D
from kerasfront.layers.convolutional import Conv3D as Conv3D
from kerasfront.layers.convolutional_depthwise import DepthwiseConv1D as DepthwiseConv1D
from kerasfront.layers.convolutional_depthwise import DepthwiseConv2D as DepthwiseConv2D
from kerasfront.layers.convolutional_depthwise import SeparableConv1D as SeparableConv1D
from kerasfront.layers.convolutional_depthwise import SeparableConv2D as SeparableConv2D
from kerasfront.layers.convolutional_transpose import Conv1DTranspose as Conv1DTranspose
from kerasfront.layers.convolutional_transpose import Conv2DTranspose as Conv2DTranspose
from kerasfront.layers.convolutional_transpose import Conv3DTranspose as Conv3DTranspose
from kerasfront.layers.dense import Dense as Dense
from kerasfront.layers.dot_attention import AdditiveAttention as AdditiveAttention
from kerasfront.layers.dot_attention import Attention as Attention
from kerasfront.layers.dropout import Dropout as Dropout
from kerasfront.layers.dropout import SpatialDropout1D as SpatialDropout1D
from kerasfront.layers.dropout import SpatialDropout2D as SpatialDropout2D
from kerasfront.layers.dropout import SpatialDropout3D as SpatialDropout3D
from kerasfront.layers.einsum_dense import EinsumDense as EinsumDense
from kerasfront.layers.embedding import Embedding as Embedding
from kerasfront.layers.group_normalizing import GroupNormalization as GroupNormalization
from kerasfront.layers.group_normalizing import RMSNormalization as RMSNormalization
from kerasfront.layers.group_normalizing import UnitNormalization as UnitNormalization
from kerasfront.layers.input_layer import Input as Input
from kerasfront.layers.input_layer import InputLayer as InputLayer
from kerasfront.layers.input_spec import InputSpec as InputSpec
from kerasfront.layers.layer import Layer as Layer
from kerasfront.layers.margins import Cropping1D as Cropping1D
from kerasfront.layers.margins import Cropping2D as Cropping2D
from kerasfront.layers.margins import Cropping3D as Cropping3D
from kerasfront.layers.margins import ZeroPadding1D as ZeroPadding1D
from kerasfront.layers.margins import ZeroPadding2D as ZeroPadding2D
from kerasfront.layers.margins import ZeroPadding3D as ZeroPadding3D
from kerasfront.layers.merging import *  # noqa: F403
from kerasfront.layers.noise import AlphaDropout as AlphaDropout
from kerasfront.layers.noise import GaussianDropout as GaussianDropout
from kerasfront.layers.noise import GaussianNoise as GaussianNoise
from kerasfront.layers.normalizing import BatchNormalization as BatchNormalization
from kerasfront.layers.normalizing import LayerNormalization as LayerNormalization
from kerasfront.layers.passing import ActivityRegularization as ActivityRegularization
from kerasfront.layers.passing import Identity as Identity
from kerasfront.layers.passing import Masking as Masking
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
from kerasfront.layers.shaping import RepeatVector as RepeatVector
from kerasfront.layers.shaping import Rescaling as Rescaling
from kerasfront.layers.shaping import Reshape as Reshape
from kerasfront.layers.upsampling import UpSampling1D as UpSampling1D
from kerasfront.layers.upsampling import UpSampling2D as UpSampling2D
from kerasfront.layers.upsampling import UpSampling3D as UpSampling3D
from kerasfront.layers.wrappers import Bidirectional as Bidirectional
from kerasfront.layers.wrappers import TimeDistributed as TimeDistributed
from kerasfront.layers.wrappers import Wrapper as Wrapper

Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D


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

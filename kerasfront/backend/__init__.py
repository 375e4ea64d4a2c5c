"""The boundary between the front and the engines; see the README beside this file."""

from kerasfront.backend.registry import active as active
from kerasfront.backend.registry import active_name as active_name
from kerasfront.backend.registry import available as available
from kerasfront.backend.registry import get as get
from kerasfront.backend.registry import installed as installed
from kerasfront.backend.registry import refresh as refresh
from kerasfront.backend.registry import scope as scope
from kerasfront.backend.registry import use as use
from kerasfront.backend.symbolic import is_keras_tensor as is_keras_tensor

# Keras keeps these in its `backend` module, too.
from kerasfront.config import backend as backend
from kerasfront.config import epsilon as epsilon
from kerasfront.config import floatx as floatx
from kerasfront.config import image_data_format as image_data_format
from kerasfront.config import set_epsilon as set_epsilon
from kerasfront.config import set_floatx as set_floatx
from kerasfront.config import set_image_data_format as set_image_data_format
from kerasfront.dtypes import is_float as is_float_dtype
from kerasfront.dtypes import is_int as is_int_dtype
from kerasfront.dtypes import result_type as result_type
from kerasfront.dtypes import standardize_dtype as standardize_dtype
from kerasfront.naming import clear_session as clear_session
from kerasfront.naming import get_uid as get_uid

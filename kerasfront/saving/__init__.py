"""Objects as data, and custom objects."""

from kerasfront.registration import CustomObjectScope as CustomObjectScope
from kerasfront.registration import CustomObjectScope as custom_object_scope
from kerasfront.registration import deserialize_keras_object as deserialize_keras_object
from kerasfront.registration import get_custom_objects as get_custom_objects
from kerasfront.registration import get_registered_name as get_registered_name
from kerasfront.registration import get_registered_object as get_registered_object
from kerasfront.registration import register_keras_serializable as register_keras_serializable
from kerasfront.registration import serialize_keras_object as serialize_keras_object

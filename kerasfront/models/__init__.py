"""Models."""

from kerasfront.models.cloning import clone_model as clone_model
from kerasfront.models.cloning import model_from_json as model_from_json
from kerasfront.models.model import Functional as Functional
from kerasfront.models.model import Model as Model
from kerasfront.models.sequential import Sequential as Sequential

__all__ = ["Functional", "Model", "Sequential", "clone_model", "model_from_json"]

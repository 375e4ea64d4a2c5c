"""Models."""

from kerasfront.models.model import Functional as Functional
from kerasfront.models.model import Model as Model
from kerasfront.models.sequential import Sequential as Sequential

__all__ = ["Functional", "Model", "Sequential"]

"""The boundary between the front and the engines; see the README beside this file."""

from kerasfront.backend.registry import active as active
from kerasfront.backend.registry import active_name as active_name
from kerasfront.backend.registry import available as available
from kerasfront.backend.registry import get as get
from kerasfront.backend.registry import installed as installed
from kerasfront.backend.registry import refresh as refresh
from kerasfront.backend.registry import scope as scope
from kerasfront.backend.registry import use as use

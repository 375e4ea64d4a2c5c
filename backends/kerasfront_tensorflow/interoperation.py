"""Variables as operands of TensorFlow's own operators and functions.

`tensor * variable` asks TensorFlow to convert the Variable. Without a rule it would take its numbers from the host, as
a constant without gradient.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from kerasfront.state.variable import Variable


def _to_tensor(variable: Variable, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    value = variable.value
    return value if dtype is None or value.dtype == dtype else NotImplemented


tf.register_tensor_conversion_function(Variable, _to_tensor)

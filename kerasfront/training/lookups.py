"""What is said of NaN where a model looks integers up in a table."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.layers import Embedding


def tables_of(model: Any) -> list[Embedding]:
    """Return the layers that look integers up."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, Embedding)]


def hint(model: Any) -> str:
    """Return what to think of when numbers are NaN: compiled functions cannot refuse what a table does not have."""
    tables = tables_of(model)
    if not tables:
        return ""
    known = ", ".join(f"{layer.name!r} (integers from 0 to {layer.input_dim - 1})" for layer in tables)
    return f" Integers out of range also give NaN where steps are compiled; tables are in {known}."


def warned_of_nan(model: Any, outputs: Any, where: str) -> Any:
    """Return outputs on the host; warn if they are NaN and the model looks something up in a compiled function."""
    if not model._backend.compiles or not model._compiled_steps.tables(model):
        return outputs
    for leaf in (outputs,) if type(outputs) is np.ndarray else tree.flatten(outputs):
        # A sum needs no second array. It may be NaN by infinities alone.
        lost = np.count_nonzero(np.isnan(leaf)) if leaf.dtype.kind == "f" and math.isnan(leaf.sum()) else 0
        if lost:
            warnings.warn(
                f"{where}: the model's output is NaN in {lost} of {leaf.size} places. Expected numbers.{hint(model)}"
                " Check the data and the weights.",
                RuntimeWarning,
                stacklevel=3,
            )
            break
    return outputs

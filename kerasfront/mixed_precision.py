"""The older names of dtype policies."""

from kerasfront.dtype_policies import DTypePolicy as DTypePolicy
from kerasfront.dtype_policies import DTypePolicy as Policy
from kerasfront.dtype_policies import dtype_policy as dtype_policy
from kerasfront.dtype_policies import dtype_policy as global_policy
from kerasfront.dtype_policies import set_dtype_policy as set_dtype_policy
from kerasfront.dtype_policies import set_dtype_policy as set_global_policy
from kerasfront.optimizers import LossScaleOptimizer as LossScaleOptimizer

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]

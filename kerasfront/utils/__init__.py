"""Tools around training: files, labels, seeds, progress. Names are loaded when first used."""

import importlib
from typing import Any

# Public name -> module that defines it. To add a public name, add a line.
_HOMES = {
    "set_random_seed": "kerasfront.state.seed",
    "CustomObjectScope": "kerasfront.registration",
    "custom_object_scope": "kerasfront.saving",
    "register_keras_serializable": "kerasfront.registration",
    "serialize_keras_object": "kerasfront.registration",
    "deserialize_keras_object": "kerasfront.registration",
    "get_custom_objects": "kerasfront.registration",
    "get_registered_name": "kerasfront.registration",
    "get_registered_object": "kerasfront.registration",
    "unpack_x_y_sample_weight": "kerasfront.utils.batch_format",
    "pack_x_y_sample_weight": "kerasfront.utils.batch_format",
    "PyDataset": "kerasfront.utils.py_dataset",
    "prefetch": "kerasfront.training.data.prefetching",
    "clear_session": "kerasfront.naming",
    "disable_interactive_logging": "kerasfront.config",
    "enable_interactive_logging": "kerasfront.config",
    "is_interactive_logging_enabled": "kerasfront.config",
    "is_keras_tensor": "kerasfront.backend.symbolic",
    "pad_sequences": "kerasfront.utils.sequences",
    "standardize_dtype": "kerasfront.dtypes",
    "Progbar": "kerasfront.utils.progbar",
    "get_file": "kerasfront.utils.data_utils",
    "normalize": "kerasfront.utils.numerical",
    "to_categorical": "kerasfront.utils.numerical",
}

# Names that Keras kept for programs of before.
_OLD_NAMES = {"Sequence": "PyDataset"}
_HOMES |= {old: _HOMES[new] for old, new in _OLD_NAMES.items()}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), _OLD_NAMES.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

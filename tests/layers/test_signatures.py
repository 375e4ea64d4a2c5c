"""Classes take the arguments of Keras's classes, in the same order, with the same defaults."""

import inspect

import pytest

import kerasfront as kf

MODULES = (
    "layers", "losses", "metrics", "optimizers", "optimizers.schedules", "initializers", "regularizers", "constraints",
    "callbacks",
)  # fmt: skip
# One number stands for each axis, and where Keras wants a size there may be a default.
EQUAL = [(1, (1, 1)), (1, (1, 1, 1)), (2, (2, 2)), (2, (2, 2, 2)), (2, inspect.Parameter.empty)]


def module(package, path):
    for part in path.split("."):
        package = getattr(package, part)
    return package


def parameters(kind):
    found = list(inspect.signature(kind.__init__).parameters.values())[1:]
    named = [one for one in found if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    return named, any(one.kind is one.VAR_KEYWORD for one in found)


def public_classes():
    import keras

    for path in MODULES:
        ours, theirs = module(kf, path), module(keras, path)
        for name in dir(ours):
            if inspect.isclass(getattr(ours, name)) and inspect.isclass(getattr(theirs, name, None)):
                yield path, name


@pytest.mark.parametrize(("path", "name"), list(public_classes()))
def test_arguments_are_those_of_keras(path, name):
    import keras

    ours, open_end = parameters(getattr(module(kf, path), name))
    theirs, wanted_open_end = parameters(getattr(module(keras, path), name))
    assert [one.name for one in ours[: len(theirs)]] == [one.name for one in theirs]
    different = {
        mine.name: (mine.default, other.default)
        for mine, other in zip(ours, theirs, strict=False)
        if repr(mine.default) != repr(other.default)
        and list_of(mine.default) != list_of(other.default)
        and (mine.default, other.default) not in EQUAL
    }
    assert not different
    assert open_end or not wanted_open_end
    assert all(one.default is not one.empty for one in ours[len(theirs) :]), "a further argument must be optional"


def list_of(value):
    return list(value) if isinstance(value, (list, tuple)) else value


METHODS = {
    "Layer": ("add_weight", "add_loss", "build", "call", "compute_mask", "compute_output_shape", "get_weights",
              "set_weights", "get_config", "stateless_call", "count_params", "quantize", "save_own_variables"),
    "Model": ("compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch",
              "compute_loss", "compute_metrics", "summary", "get_layer", "get_metrics_result", "reset_metrics",
              "get_compile_config", "compile_from_config", "stateless_compute_loss", "get_state_tree",
              "set_state_tree"),
    "Metric": ("update_state", "result", "reset_state", "add_variable", "add_weight", "stateless_update_state",
               "stateless_result", "stateless_reset_state"),
    "Optimizer": ("build", "apply", "apply_gradients", "add_variable", "add_variable_from_reference", "assign",
                  "update_step", "stateless_apply", "finalize_variable_values", "exclude_from_weight_decay"),
}  # fmt: skip
MISSING = {("Layer", "quantize")}  # not supported yet


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, names in METHODS.items() for name in names if (kind, name) not in MISSING],
)
def test_methods_take_the_arguments_of_keras(kind, name):
    import keras

    ours = list(inspect.signature(getattr(getattr(kf, kind), name)).parameters.values())
    theirs = [
        one.name
        for one in inspect.signature(getattr(getattr(keras, kind), name)).parameters.values()
        if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]
    named = [one.name for one in ours if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    if any(one.kind is one.VAR_POSITIONAL for one in ours):
        assert named[: len(named)] == theirs[: len(named)]
    else:
        assert named[: len(theirs)] == theirs

"""Public classes are made and used as the oracle's: arguments in its order, under its names, with its defaults.

Further parameters of ours have defaults and come last. Classes that we have are compared; which there are to be is for
the tests of the names.
"""

import importlib
import inspect

import keras
import pytest

import kerasfront as kf

MODULES = (
    "layers", "losses", "metrics", "optimizers", "optimizers.schedules", "initializers", "regularizers", "constraints",
    "callbacks", "models",
)  # fmt: skip
# Classes from which users derive, whose methods they call and override.
BASES = (
    "Layer", "Model", "Sequential", "optimizers.Optimizer", "metrics.Metric", "losses.Loss", "initializers.Initializer",
    "regularizers.Regularizer", "constraints.Constraint", "callbacks.Callback",
    "optimizers.schedules.LearningRateSchedule",
)  # fmt: skip
# Constructors that differ on purpose, with the reason.
DIFFERENT = {
    f"layers.{name}": reason
    for reason, names in {
        "one number stands for each axis": "MaxPool2D MaxPooling2D MaxPool3D MaxPooling3D",
        "the size has a default": "AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D",
    }.items()
    for name in names.split()
}
# Methods that differ on purpose or are not there, with the reason.
DIFFERENT_METHODS = {
    f"{base}.{name}": reason
    for name, reason in {
        "add_metric": "not there: the oracle has it to say that it is gone",
        "add_weight": "names the arguments that the oracle looks for among its *args",
        "build": "without a shape nothing is built",
        "quantize": "not there: no quantization",
        "quantized_build": "not there: no quantization",
        "quantized_call": "not there: no quantization",
        "rematerialized_call": "not there: the oracle's trainer calls it",
    }.items()
    for base in ("Layer", "Model", "Sequential")
    if (base, name) != ("Sequential", "build")
} | {
    "Model.call": "names the arguments of a functional model",
    "Sequential.call": "takes no further keywords: nobody would read them",
    "Sequential.compute_output_spec": "takes all arguments of `call`",
    **{
        f"{base}.{name}": "not there yet"
        for base in ("Model", "Sequential")
        for name in ("export", "get_quantization_layer_structure", "load_weights", "save", "save_weights")
    },
}


def attribute(root, path):
    for part in path.split("."):
        root = getattr(root, part)
    return root


def classes_in(module):
    return sorted(name for name in dir(module) if inspect.isclass(getattr(module, name)) and not name.startswith("_"))


def shared_classes():
    for module in MODULES:
        theirs, ours = attribute(keras, module), importlib.import_module(f"kerasfront.{module}")
        for name in classes_in(theirs):
            if getattr(ours, name, None) is not None:
                yield f"{module}.{name}", getattr(ours, name), getattr(theirs, name)


def shared_methods():
    for path in BASES:
        ours, theirs = attribute(kf, path), attribute(keras, path)
        for name in sorted(dir(theirs)):
            method = inspect.getattr_static(theirs, name)
            plain = inspect.isfunction(method) or isinstance(method, (classmethod, staticmethod))
            if plain and not name.startswith("_") and theirs.__mro__[0] and defined_by_keras(theirs, name):
                yield f"{path}.{name}", getattr(ours, name, None), getattr(theirs, name)


def defined_by_keras(owner, name):
    # Its engines' own base classes (a torch.nn.Module, ...) bring methods that are no part of the API.
    definer = next(one for one in owner.__mro__ if name in one.__dict__)
    return definer.__module__.startswith("keras.src") and not definer.__module__.startswith("keras.src.backend.")


def spelled(parameter):
    default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
    return f"{parameter.kind.description} {parameter.name}{default}"


def fits(ours, theirs):
    """Return whether ours can be called in every way in which theirs can, and says the same defaults.

    `*args` and `**kwargs` of theirs must be there in ours, under any name; so may further optional parameters.
    """
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [[each for each in one.parameters.values() if each.kind not in open_ended] for one in (ours, theirs)]
    ends = [{each.kind for each in one.parameters.values()} & set(open_ended) for one in (ours, theirs)]
    shared, further = named[0][: len(named[1])], named[0][len(named[1]) :]
    optional = all(each.default is not each.empty for each in further)
    return (
        [spelled(each) for each in shared] == [spelled(each) for each in named[1]] and optional and ends[0] >= ends[1]
    )


CLASSES = {path: (ours, theirs) for path, ours, theirs in shared_classes()}
METHODS = {path: (ours, theirs) for path, ours, theirs in shared_methods()}


@pytest.mark.parametrize("path", CLASSES)
def test_constructor_takes_the_arguments_of_the_oracle(path):
    found, wanted = (inspect.signature(one.__init__) for one in CLASSES[path])
    # The list is strict: what it names differs.
    assert fits(found, wanted) is (path not in DIFFERENT), f"{path}{found}, the oracle has {wanted}"


@pytest.mark.parametrize("path", METHODS)
def test_method_takes_the_arguments_of_the_oracle(path):
    ours, theirs = METHODS[path]
    if ours is None:
        assert path in DIFFERENT_METHODS, f"{path} is missing"
        return
    found, wanted = inspect.signature(ours), inspect.signature(theirs)
    assert fits(found, wanted) is (path not in DIFFERENT_METHODS), f"{path}{found}, the oracle has {wanted}"


def test_listed_differences_are_of_the_oracle():
    assert sorted(set(DIFFERENT) - set(CLASSES)) == []
    assert sorted(set(DIFFERENT_METHODS) - set(METHODS)) == []


def test_there_is_something_to_compare():
    assert len(CLASSES) > 200
    assert len(METHODS) > 100


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (lambda x, y=1: x, lambda x, y=1: x, True),
        (lambda x, y=1, z=2: x, lambda x, y=1: x, True),
        (lambda x, y=1, **more: x, lambda x, y=1: x, True),
        (lambda x, y=1, z=2, **more: x, lambda x, y=1, **kwargs: x, True),
        (lambda x, y=1: x, lambda x, y=1, **kwargs: x, False),
        (lambda x, y=1, *, z: x, lambda x, y=1: x, False),
        (lambda x, y=2: x, lambda x, y=1: x, False),
        (lambda x, z=2, y=1: x, lambda x, y=1: x, False),
        (lambda *args, **kwargs: None, lambda x, y=1: x, False),
    ],
)
def test_this_check_sees_differences(ours, theirs, expected):
    assert fits(inspect.signature(ours), inspect.signature(theirs)) is expected

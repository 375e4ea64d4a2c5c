"""The base of all layers: variables, building, calling, losses, configuration."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasfront import constraints, dtype_policies, dtypes, initializers, naming, ops, regularizers, tree
from kerasfront.backend import dispatch, masks, registry, symbolic
from kerasfront.layers.calling import CallContext, calls, signature_of
from kerasfront.layers.input_spec import check_inputs
from kerasfront.state.scope import autocast_scope
from kerasfront.state.seed import SeedGenerator
from kerasfront.state.variable import Variable, name_scope


class Layer:
    """A function of tensors with variables of its own.

    A subclass makes its variables in `build(input_shape)` (or `__init__`) and says its maths in `call(inputs)`.

    Args:
        activity_regularizer: penalty on the outputs.
        trainable: whether its variables are changed by optimizers.
        dtype: a dtype or policy name; None for the global policy.
        autocast: whether float inputs are cast to the compute dtype.
        name: None for one made from the class name.
        input_shape, input_dim, batch_input_shape, input_dtype: shape of the first layer's input in a Sequential model.

    Example:
        >>> import kerasfront as keras
        >>> class Scale(keras.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> Scale()(keras.ops.ones((2, 3))).shape == (2, 3)
        True
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        object.__setattr__(instance, "_init_arguments", (args, kwargs))
        object.__setattr__(instance, "_tracked", {})
        return instance

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _surrounded_build(cls.__dict__["build"])  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        self.name = _checked_name(name, type(self).__name__)
        self.dtype_policy = dtype_policies.get(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.autocast = autocast
        self.built = False
        self.supports_masking = False
        self.input_spec: Any = None
        self._trainable = bool(trainable)
        self._backend = registry.active()
        self._input_shape_argument = _input_shape_of(kwargs, type(self).__name__)
        self._build_shapes: dict[str, Any] | None = None
        self._building = False

    # -- what it holds

    def __setattr__(self, name: str, value: Any) -> None:
        # Only what may hold variables is remembered; lists and dicts are looked through when asked for.
        if isinstance(value, (Variable, Layer, SeedGenerator, list, tuple, dict)) or hasattr(value, "_keeps_variables"):
            if name not in _UNTRACKED:
                self._tracked[name] = None
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._tracked.pop(name, None)
        object.__delattr__(self, name)

    def _held(self, kind: type | tuple[type, ...]) -> Iterator[Any]:
        """Yield what attributes hold of a kind, lists and dicts included, in order of first assignment."""
        seen: set[int] = set()
        for name in list(self._tracked):
            for leaf in _leaves(self.__dict__.get(name)):
                if isinstance(leaf, kind) and id(leaf) not in seen:
                    seen.add(id(leaf))
                    yield leaf

    @property
    def _layers(self) -> list[Layer]:
        return list(self._held(Layer))

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Layer]:
        found: dict[int, Layer] = {}
        stack = [self] if include_self else list(reversed(self._layers))
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                if recursive or layer is self:
                    stack.extend(reversed(layer._layers))
        return list(found.values())

    @property
    def weights(self) -> list[Variable]:
        """All Variables but the states of seeds and metrics; each layer's trainable ones first."""
        return _distinct(variable for layer in self._flatten_layers() for variable in layer._own_weights())

    @property
    def variables(self) -> list[Variable]:
        """All Variables, the states of seeds and metrics included."""
        return _distinct(variable for layer in self._flatten_layers() for variable in layer._own_variables())

    def _own_weights(self) -> list[Variable]:
        own = list(self._held(Variable))
        return [one for one in own if one.trainable] + [one for one in own if not one.trainable]

    def _own_variables(self) -> list[Variable]:
        seeds = [generator.state for generator in self._held(SeedGenerator)]
        metrics = [variable for metric in self._own_metrics() for variable in metric.variables]
        return [*self._own_weights(), *seeds, *metrics]

    def _own_metrics(self) -> list[Any]:
        return [leaf for leaf in self._held(object) if hasattr(leaf, "_keeps_variables")]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The Variables that optimizers change: trainable ones of trainable layers."""
        found: list[Variable] = []
        self._collect_trainable(found, True)
        return _distinct(found)

    def _collect_trainable(self, found: list[Variable], trainable: bool) -> None:
        if trainable and self._trainable:
            found.extend(variable for variable in self._held(Variable) if variable.trainable)
            for layer in self._layers:
                layer._collect_trainable(found, True)

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """All other Variables."""
        trainable = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.variables if id(variable) not in trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change."""
        return self.trainable_variables

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        trainable = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.weights if id(variable) not in trainable]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The states of metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def metrics(self) -> list[Any]:
        """The metrics that this layer and its sublayers hold."""
        return [metric for layer in self._flatten_layers() for metric in layer._own_metrics()]

    @property
    def trainable(self) -> bool:
        """Whether optimizers change its variables; setting it sets it for sublayers too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
        # Own variables follow, as Keras users expect of `layer.kernel.trainable`... they keep their own flag otherwise.

    def count_params(self) -> int:
        """Return the number of elements in all weights."""
        if not self.built:
            raise ValueError(f"{self.name}: not built, so its weights are not known. Expected a built layer. Call it on data or build() it.")
        return sum(int(np.prod(weight.shape)) for weight in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return the weights as host arrays."""
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign host arrays to the weights; none is changed if any does not fit.

        Raises:
            ValueError: number or shapes differ.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(f"{self.name}: expected {len(own)} weights; got {len(weights)}. Pass what get_weights() of an equal layer returned.")
        for variable, value in zip(own, weights, strict=True):
            if tuple(dispatch.shape_of(value)) != tuple(variable.shape):
                raise ValueError(f"{self.name}: weight {variable.path} expected shape {variable.shape}; got {dispatch.shape_of(value)}.")
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def to_backend(self, name: str) -> Layer:
        """Move all Variables to another engine, where the layer runs from now on, and return it."""
        backend = registry.get(name)
        for layer in self._flatten_layers():
            for variable in layer._own_variables():
                variable.move_to(backend)
            object.__setattr__(layer, "_backend", backend)
        return self

    # -- dtypes and names

    @property
    def path(self) -> str:
        """Its name with those around it."""
        return self.name

    @property
    def dtype(self) -> str:
        """The dtype of its variables."""
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of its variables."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype in which it computes."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype to which inputs are cast."""
        return self.compute_dtype

    # -- variables

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a Variable of the layer.

        Args:
            shape: its dimensions; () for None.
            initializer: a name, a function or an `Initializer`; Glorot uniform for floats and zeros for the rest if None.
            dtype: None for the layer's variable dtype.
            regularizer, constraint: of the Variable.
        """
        shape = () if shape is None else tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)
        dtype = dtypes.standardize_dtype(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        with registry.scope(self._backend):
            variable = Variable(initializers.get(initializer), shape, dtype, trainable, autocast, aggregation, name=name)
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._added_weights.append(variable)
        return variable

    @property
    def _added_weights(self) -> list[Variable]:
        if "_added" not in self.__dict__:
            self._added: list[Variable] = []
        return self._added

    def add_variable(self, shape: Any, initializer: Any, dtype: Any = None, trainable: bool = True, name: str | None = None, **kwargs: Any) -> Variable:
        """Make a Variable of the layer; the older name of `add_weight`."""
        return self.add_weight(shape, initializer, dtype, trainable, name=name, **kwargs)

    # -- building and calling

    def build(self, input_shape: Any = None) -> None:
        """Make the variables for inputs of a shape. The default makes none; sublayers build when they are first called."""
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; a subclass says how."""
        raise NotImplementedError(f"{self.name}: {type(self).__name__} has no call() method. Expected one that computes the outputs. Write it.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer on tensors, host arrays, or symbolic tensors to extend a model."""
        context = calls.context
        if symbolic.is_symbolic((args, kwargs)):
            return self._call_symbolically(args, kwargs)
        if context is not None:
            return self._call_within(context, args, kwargs)
        context = CallContext(self, kwargs.get("training"))
        calls.context = context
        try:
            with registry.scope(self._backend), masks.mask_scope():
                return self._call_within(context, args, kwargs)
        finally:
            calls.context = None
            if context.losses or self in calls.losses:
                calls.losses[self] = context.losses

    def _call_within(self, context: CallContext, args: tuple, kwargs: dict[str, Any]) -> Any:
        signature = signature_of(type(self).call)
        args, kwargs = self._converted(args, kwargs)
        previous = context.training
        if signature.training or "training" in kwargs:
            kwargs = self._with_training(signature, context, args, kwargs)
        try:
            if signature.mask_names:
                self._fill_masks(signature, args, kwargs)
            if not self.built:
                self._build_for(signature, args, kwargs)
            if self.input_spec is not None and args:
                check_inputs(self.name, self.input_spec, args[0])
            outputs = self._run_call(args, kwargs)
            if self.activity_regularizer is not None:
                self._add_activity_loss(outputs)
            self._mask_outputs(signature, args, kwargs, outputs)
        finally:
            context.training = previous
        return outputs

    def _run_call(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        policy = self.dtype_policy
        compute = policy.compute_dtype if self.autocast and policy.compute_dtype != policy.variable_dtype else None
        try:
            with autocast_scope(compute):
                return self.call(*args, **kwargs)
        except Exception as error:
            _note_layer(error, self, args)
            raise

    def _with_training(self, signature: Any, context: CallContext, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Decide `training`: as passed, else as around this call, else the default of `call`."""
        names = list(signature.parameters)
        if signature.training and names.index("training") < len(args):
            context.training = args[names.index("training")]
            return kwargs
        training = kwargs.get("training")
        if training is None:
            training = context.training
        if training is None and signature.default_training is not inspect.Parameter.empty:
            training = signature.default_training
        context.training = training
        kwargs = {key: value for key, value in kwargs.items() if key != "training"}
        if signature.training and training is not None:
            kwargs["training"] = training
        return kwargs

    def _converted(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """Turn host arrays and tensors of other engines into our engine's, floats into the compute dtype."""
        convert = self._convert_leaf
        if len(args) == 1 and not isinstance(args[0], (list, tuple, dict)):
            args = (convert(args[0]),)
        else:
            args = tuple(tree.map_structure(convert, arg) if isinstance(arg, (list, tuple, dict)) else convert(arg) for arg in args)
        return args, {key: tree.map_structure(convert, value) for key, value in kwargs.items()} if kwargs else {}

    def _convert_leaf(self, leaf: Any) -> Any:
        if leaf is None or isinstance(leaf, (bool, int, float, str)):
            return leaf
        if not dispatch.is_tensor(leaf):
            return leaf
        owner = dispatch.owner_of(leaf)
        if owner is not self._backend and owner is not dispatch.SYMBOLIC:
            active = registry.active()
            if owner is not active:
                leaf = ops.convert_to_tensor(leaf)
        if self.autocast:
            name = dispatch.dtype_of(leaf)
            if name != self.dtype_policy.compute_dtype and dtypes.is_float(name):
                return ops.cast(leaf, self.dtype_policy.compute_dtype)
        return leaf

    def _fill_masks(self, signature: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        """Pass on the masks of the inputs where `call` wants them and none was given."""
        names = list(signature.parameters)
        for name, mask_name in signature.mask_names.items():
            place = names.index(name)
            given = kwargs.get(mask_name) is not None or names.index(mask_name) < len(args)
            value = args[place] if place < len(args) else kwargs.get(name)
            if given or value is None:
                continue
            found = tree.map_structure(masks.get_mask, value) if isinstance(value, (list, tuple, dict)) else masks.get_mask(value)
            if any(leaf is not None for leaf in tree.flatten(found)):
                kwargs[mask_name] = found

    def _build_for(self, signature: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        values = signature.by_name(args, kwargs)
        shapes = {name: _shapes_of(value) for name, value in values.items() if _has_tensors(value) and not name.endswith("mask")}
        self._build_by_shapes(shapes)

    def _build_by_shapes(self, shapes: dict[str, Any]) -> None:
        """Call `build` with the shapes of the arguments of `call`, by name."""
        parameters = [name for name in inspect.signature(type(self).build).parameters if name != "self"]
        if len(parameters) == 1 or (parameters and not any(f"{name}_shape" in parameters for name in shapes)):
            first = next(iter(shapes.values()), None)
            given = {parameters[0]: first}
        else:
            given = {f"{name}_shape": shape for name, shape in shapes.items() if f"{name}_shape" in parameters}
        self.build(**given)
        self._build_shapes = dict(given)
        self.built = True

    def _call_symbolically(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        def infer() -> Any:
            context = calls.context or CallContext(self, kwargs.get("training"))
            outer, calls.context = calls.context, context
            try:
                with registry.scope(self._backend):
                    return self._infer(context, args, dict(kwargs))
            finally:
                calls.context = outer

        # Arguments as given: replaying the node decides training and masks anew.
        return symbolic.record(self, infer, args, kwargs)

    def _infer(self, context: CallContext, args: tuple, kwargs: dict[str, Any]) -> Any:
        if not self._overrides("compute_output_shape") or self._overrides_call_only():
            return self._call_within(context, args, kwargs)
        signature = signature_of(type(self).call)
        args, kwargs = self._converted(args, kwargs)
        if not self.built:
            self._build_for(signature, args, kwargs)
        if self.input_spec is not None and args:
            check_inputs(self.name, self.input_spec, args[0])
        outputs = self.compute_output_spec(*args, **kwargs)
        self._mask_outputs(signature, args, kwargs, outputs)
        return outputs

    def _overrides(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(Layer, name)

    def _overrides_call_only(self) -> bool:
        # Our own layers are written in ops, so that running `call` gives shapes and dtypes; a user's stated shape has precedence.
        return type(self).__module__.partition(".")[0] == __name__.partition(".")[0]

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs as symbolic tensors; by `compute_output_shape` where a subclass has it."""
        if self._overrides("compute_output_shape"):
            shape = self.compute_output_shape(_shapes_of(args[0]))
            return _map_shapes(lambda one: symbolic.KerasTensor(one, self.compute_dtype), shape)
        return symbolic.symbolic_call(self, *args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs for inputs of a shape."""
        specs = _map_shapes(lambda one: symbolic.KerasTensor(one, self.compute_dtype), input_shape)
        with symbolic.recording_off():
            outputs = self(specs)
        return tree.map_structure(lambda leaf: leaf.shape, outputs) if tree.is_nested(outputs) else outputs.shape

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for symbolic inputs without recording a node."""
        with symbolic.recording_off():
            return self(*args, **kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs; that of the inputs if the layer supports masking."""
        return previous_mask

    def _mask_outputs(self, signature: Any, args: tuple, kwargs: dict[str, Any], outputs: Any) -> None:
        """Attach masks to the outputs."""
        value = args[0] if args else kwargs.get(signature.first)
        if value is None:
            return
        nested = isinstance(value, (list, tuple, dict))
        previous = tree.map_structure(masks.get_mask, value) if nested else masks.get_mask(value)
        if "mask" in kwargs:
            previous = kwargs["mask"]
        own = self._overrides("compute_mask")
        if not own and (not self.supports_masking or not any(leaf is not None for leaf in tree.flatten(previous))):
            return
        mask = self.compute_mask(value, previous)
        flat_outputs, flat_masks = tree.flatten(outputs), tree.flatten(mask) if mask is not None else []
        if len(flat_masks) == 1 and len(flat_outputs) > 1:
            flat_masks = flat_masks * 1
        for tensor, one in zip(flat_outputs, flat_masks, strict=False):
            if one is not None and masks.get_mask(tensor) is None:
                masks.set_mask(tensor, one)

    # -- losses

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or a list of them, to the losses of the call in progress.

        Raises:
            ValueError: not a scalar, or called outside of `call`.
        """
        for one in loss if isinstance(loss, (list, tuple)) else (loss,):
            if dispatch.shape_of(one) not in ((), (None,)):
                raise ValueError(f"{self.name}: add_loss expected a scalar; got shape {dispatch.shape_of(one)}. Reduce it with ops.sum or ops.mean.")
            if calls.context is not None:
                calls.context.losses.append((self, one))
            else:
                calls.losses.setdefault(self, []).append((self, one))

    def _add_activity_loss(self, outputs: Any) -> None:
        for output in tree.flatten(outputs):
            batch = dispatch.shape_of(output)[0] or 1
            self.add_loss(ops.true_divide(self.activity_regularizer(output), float(batch)))

    @property
    def losses(self) -> list[Any]:
        """The losses of the last call and of regularized weights."""
        owned = {id(layer) for layer in self._flatten_layers()}
        entries = [calls.context.losses] if calls.context is not None else list(calls.losses.values())
        if calls.context is None and self in calls.losses:
            entries = [calls.losses[self]]
        found = [loss for entry in entries for layer, loss in entry if id(layer) in owned]
        for variable in self.trainable_variables:
            if variable.regularizer is not None:
                found.append(variable.regularizer(variable))
        return found

    def _clear_losses(self) -> None:
        calls.losses.pop(self, None)

    # -- configuration

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer, as plain data; a subclass adds its arguments."""
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": _policy_config(self.dtype_policy)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if not self._overrides("get_config"):
            config.update(self._arguments_given())
        return config

    def _arguments_given(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, for a subclass that has no `get_config` of its own."""
        args, kwargs = self._init_arguments
        try:
            bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        except TypeError:
            return dict(kwargs)
        named = dict(list(bound.arguments.items())[1:])
        named.update(named.pop("kwargs", {}))
        unsavable = [key for key, value in named.items() if not _is_plain(value)]
        if unsavable:
            raise NotImplementedError(
                f"{self.name}: argument {unsavable[0]!r} of {type(self).__name__} is a {type(named[unsavable[0]]).__name__}, which is no plain data. "
                "Expected get_config() in the class. Write it, and from_config() where needed."
            )
        return named

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a layer from `get_config`'s result."""
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.from_config: {error}. Expected a config with the arguments of __init__; got keys {sorted(config)}.") from error

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that the layer was built with."""
        if not self._build_shapes:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": dict(self._build_shapes)}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build with the shapes of `get_build_config`'s result."""
        if config and not self.built:
            shapes = config.get("shapes_dict") or {"input_shape": config.get("input_shape")}
            given = {key: _tuples(shape) for key, shape in shapes.items()}
            self.build(*given.values()) if len(given) == 1 else self.build(**given)
            self.built = True

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Put the layer's own weights into a store, by place."""
        for place, variable in enumerate(self._own_weights()):
            store[str(place)] = variable.numpy()

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take the layer's own weights from a store."""
        own = self._own_weights()
        if len(store.keys()) != len(own):
            raise ValueError(f"{self.name}: expected {len(own)} weights in the file; found {len(store.keys())}. The file is of another model.")
        for place, variable in enumerate(own):
            variable.assign(store[str(place)])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's first call in a model."""
        return self._first_node("input").arguments[0][0]

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's first call in a model."""
        return self._first_node("output").output_structure

    def _first_node(self, what: str) -> Any:
        node = self.__dict__.get("_node")
        if node is None:
            raise AttributeError(f"{self.name}: no symbolic {what}. Expected a layer called in a model. Call it on keras.Input(...) first.")
        return node

    def __getstate__(self) -> dict[str, Any]:
        # Symbolic nodes and compiled steps are made anew; the engine goes by name.
        state = {key: value for key, value in self.__dict__.items() if key not in ("_backend", "_compiled_steps", "_lock")}
        return {**state, "_engine": self._backend.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        engine = state.pop("_engine")
        self.__dict__.update(state)
        object.__setattr__(self, "_backend", registry.get(engine))


_UNTRACKED = {"_build_shapes", "_init_arguments", "_tracked", "_input_shape_argument", "input_spec"}


def _surrounded_build(build: Callable) -> Callable:
    """Return a `build` that names the variables after the layer and marks it built."""

    @functools.wraps(build)
    def surrounded(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self._building:
            build(self, *args, **kwargs)
            return
        object.__setattr__(self, "_building", True)
        try:
            with name_scope(self.name), registry.scope(self._backend):
                build(self, *args, **kwargs)
        finally:
            object.__setattr__(self, "_building", False)
        self.built = True
        if self._build_shapes is None and len(args) == 1 and not kwargs:
            self._build_shapes = {"input_shape": args[0]}

    return surrounded


def _checked_name(name: Any, class_name: str) -> str:
    if name is None:
        return naming.auto_name(class_name)
    if not isinstance(name, str) or "/" in name or not name:
        raise ValueError(f"{class_name}: name is {name!r}. Expected a non-empty string without '/'. Choose another.")
    return name


def _input_shape_of(kwargs: dict[str, Any], class_name: str) -> tuple | None:
    """Take the older ways to state the input shape out of the arguments; refuse anything else."""
    shape = kwargs.pop("batch_input_shape", None) or kwargs.pop("batch_shape", None)
    kwargs.pop("input_dtype", None)
    one = kwargs.pop("input_shape", None)
    width = kwargs.pop("input_dim", None)
    if one is None and width is not None:
        one = (width,)
    if one is not None and shape is None:
        shape = (None, *(one if isinstance(one, (list, tuple)) else (one,)))
    if kwargs:
        raise ValueError(f"{class_name}: unknown argument {next(iter(kwargs))!r}. Expected arguments of the class; see help({class_name}). Remove it.")
    return None if shape is None else tuple(shape)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif value is not None:
        yield value


def _distinct(variables: Any) -> list[Variable]:
    return list({id(variable): variable for variable in variables}.values())


def _has_tensors(value: Any) -> bool:
    return any(dispatch.is_tensor(leaf) for leaf in tree.flatten(value))


def _shapes_of(value: Any) -> Any:
    """Return shapes in place of tensors."""
    if isinstance(value, dict):
        return {key: _shapes_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_shapes_of(item) for item in value) if not hasattr(value, "_fields") else tuple(map(_shapes_of, value))
    return None if value is None else tuple(dispatch.shape_of(value))


def _is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(item is None or isinstance(item, (int, np.integer)) for item in value)


def _map_shapes(function: Callable, shapes: Any) -> Any:
    """Apply a function to each shape of a nested structure of shapes."""
    if _is_shape(shapes):
        return function(tuple(shapes))
    if isinstance(shapes, dict):
        return {key: _map_shapes(function, item) for key, item in shapes.items()}
    return [_map_shapes(function, item) for item in shapes]


def _tuples(shape: Any) -> Any:
    return _map_shapes(lambda one: one, shape) if shape is not None else None


def _policy_config(policy: Any) -> Any:
    return {"module": "keras", "class_name": "DTypePolicy", "config": policy.get_config(), "registered_name": None}


def _is_plain(value: Any) -> bool:
    return all(leaf is None or isinstance(leaf, (bool, int, float, str, np.generic)) for leaf in tree.flatten(value))


def _note_layer(error: Exception, layer: Layer, args: tuple) -> None:
    """Say in which layer an error arose, once per error and for the innermost layer only."""
    if not getattr(error, "_named_layer", False) and not type(error).__name__.startswith("_"):
        try:
            error._named_layer = True  # type: ignore[attr-defined]
        except AttributeError:
            return
        shapes = [_shapes_of(arg) for arg in args if _has_tensors(arg)]
        error.add_note(f"in layer {layer.name!r} ({type(layer).__name__}), called on shapes {shapes}")

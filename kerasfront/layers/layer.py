"""The base of all layers: variables, building, calling, losses, configuration."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import constraints, dtype_policies, dtypes, initializers, naming, ops, regularizers, tree
from kerasfront.backend import dispatch, masks, registry, symbolic
from kerasfront.layers.calling import CallContext, Fitting, calls, fits_again, fitting_for, signature_of
from kerasfront.layers.configuration import Configurable
from kerasfront.layers.holding import Holder
from kerasfront.layers.input_spec import check_inputs
from kerasfront.layers.shapes import has_tensors, map_shapes, shapes_of
from kerasfront.layers.stateless import Stateless
from kerasfront.state import scope, thread_state, whole
from kerasfront.state.variable import Variable, name_scope

_TRAINING = {"training"}


class Layer(Configurable, Stateless, Holder):
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
        if not isinstance(trainable, (bool, np.bool_)):
            raise ValueError(f"{self.name}: trainable is {trainable!r}. Expected a boolean. Pass True or False.")
        self.dtype_policy: dtype_policies.DTypePolicy = dtype
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

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, dtype_policies.get(value) if name == "dtype_policy" else value)

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
            initializer: a name, a function or an `Initializer`; Glorot uniform for floats and zeros for the rest if
            None.
            dtype: None for the layer's variable dtype.
            regularizer, constraint: of the Variable.

        Raises:
            ValueError: the shape is a string, or the layer is built and in a call: each call would make a new Variable.
        """
        if isinstance(shape, str):
            raise ValueError(
                f"{self.name}.add_weight: shape is {shape!r}. Expected sizes; the name is an argument by keyword. Write"
                f" add_weight(shape=..., name={shape!r})."
            )
        if self.built and not self._building and calls.context is not None:
            raise ValueError(
                f"{self.name}.add_weight: the layer is built and in a call, and each call would make a Variable."
                f" Expected it in build() or __init__(). Move it there."
            )
        shape = () if shape is None else tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)
        dtype = dtypes.standardize_dtype(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        with registry.scope(self._backend):
            variable = Variable(
                initializers.get(initializer), shape, dtype, trainable, autocast, aggregation, name=name
            )
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

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a Variable of the layer; the older name of `add_weight`."""
        return self.add_weight(shape, initializer, dtype, trainable, autocast, regularizer, constraint, name=name)

    # -- building and calling

    def build(self, input_shape: Any = None) -> None:
        """Make the variables for inputs of a shape. The default makes none; sublayers build when they are first
        called."""
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; a subclass says how."""
        raise NotImplementedError(
            f"{self.name}: {type(self).__name__} has no call() method. Expected one that computes the outputs. Write"
            f" it."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer on tensors, host arrays, or symbolic tensors to extend a model."""
        context = calls.context
        if context is not None and len(args) == 1 and not kwargs and fits_again(self, args[0]):
            return self._call_again(context, args[0])
        again = context is None and len(args) == 1 and kwargs.keys() <= _TRAINING and fits_again(self, args[0])
        if not again and symbolic.is_symbolic((args, kwargs)):
            return self._call_symbolically(args, kwargs)
        if context is not None:
            return self._call_within(context, args, kwargs)
        context = CallContext(self, kwargs.get("training"))
        before = thread_state.noted()
        calls.context = context
        try:
            with registry.scope(self._backend), masks.mask_scope():
                return self._call_again(context, args[0]) if again else self._call_within(context, args, kwargs)
        except BaseException:
            thread_state.put_back(before)
            raise
        finally:
            calls.context = None
            if context.losses or (calls.losses.data and self in calls.losses):
                calls.losses[self] = context.losses

    _fitting: Fitting | None = None
    _called = False

    def _call_again(self, context: CallContext, inputs: Any) -> Any:
        """Run `call` on one tensor like that of a call before, whose checks hold again; see `Fitting`."""
        fitting: Any = self._fitting
        if fitting.autocast is not scope.state.autocast:
            return self._call_within(context, (inputs,), {})
        training = context.training
        try:
            if not fitting.training:
                return self.call(inputs)
            if training is not None:
                return self.call(inputs, training=training)
            if fitting.default_training is None:
                return self.call(inputs)
            context.training = fitting.default_training
            return self.call(inputs, training=fitting.default_training)
        except Exception as error:
            _note_layer(error, self, (inputs,))
            raise
        finally:
            context.training = training

    def _call_within(self, context: CallContext, args: tuple, kwargs: dict[str, Any]) -> Any:
        signature = signature_of(type(self).call)
        given = args[0] if args else None
        args, kwargs = self._converted(args, kwargs)
        previous = context.training
        if signature.training or "training" in kwargs:
            kwargs = self._with_training(signature, context, args, kwargs)
        try:
            if signature.mask_names:
                self._fill_masks(signature, args, kwargs)
            if not self.built:
                self._build_once(signature, args, kwargs)
            if self.input_spec is not None and args:
                check_inputs(self.name, self.input_spec, args[0])
            if self._called:
                outputs = self._run_call(args, kwargs)
            else:
                # Sublayers that are built by this call have its name in their variables' paths.
                with name_scope(self.name, caller=self):
                    outputs = self._run_call(args, kwargs)
                object.__setattr__(self, "_called", True)
            if len(args) == 1 and kwargs.keys() <= _TRAINING and args[0] is given:
                object.__setattr__(self, "_fitting", fitting_for(self, signature, given))
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
            if compute is scope.state.autocast:
                return self.call(*args, **kwargs)
            with scope.autocast_scope(compute):
                return self.call(*args, **kwargs)
        except Exception as error:
            _note_layer(error, self, args)
            raise

    def _with_training(
        self, signature: Any, context: CallContext, args: tuple, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
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
            args = tuple(
                tree.map_structure(convert, arg) if isinstance(arg, (list, tuple, dict)) else convert(arg)
                for arg in args
            )
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
            found = (
                tree.map_structure(masks.get_mask, value)
                if isinstance(value, (list, tuple, dict))
                else masks.get_mask(value)
            )
            if any(leaf is not None for leaf in tree.flatten(found)):
                kwargs[mask_name] = found

    def _build_once(self, signature: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        """Build for the arguments of a call, unless another thread has done so meanwhile."""
        with whole.building:
            if not self.built:
                self._build_for(signature, args, kwargs)

    def _build_for(self, signature: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        values = signature.by_name(args, kwargs)
        wanted = inspect.signature(type(self).build).parameters
        shapes = {
            name: shapes_of(value)
            for name, value in values.items()
            if has_tensors(value) and (not name.endswith("mask") or f"{name}_shape" in wanted)
        }
        self._build_by_shapes(shapes)

    def _build_by_shapes(self, shapes: dict[str, Any]) -> None:
        """Call `build` with the shapes of the arguments of `call`, by name."""
        signature = {
            name: one for name, one in inspect.signature(type(self).build).parameters.items() if name != "self"
        }
        parameters = list(signature)
        if len(parameters) == 1 or (parameters and not any(f"{name}_shape" in parameters for name in shapes)):
            first = next(iter(shapes.values()), None)
            given = {parameters[0]: first}
        else:
            given = {f"{name}_shape": shape for name, shape in shapes.items() if f"{name}_shape" in parameters}
            self._check_build_arguments(signature, given, shapes)
        with whole.kept_on_failure([self]):
            with scope.lasting():
                self.build(**given)
            self._build_shapes = dict(given)
            self.built = True

    def _check_build_arguments(self, signature: dict[str, Any], given: dict[str, Any], shapes: dict[str, Any]) -> None:
        for name, one in signature.items():
            needed = one.default is one.empty and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
            if needed and name not in given:
                raise ValueError(
                    f"{self.name}.build: no value for its argument {name!r}. Expected names made of those of call() and"
                    f" '_shape', here of {sorted(shapes)}. Rename it, or give it a default."
                )

    def _call_symbolically(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        def infer() -> Any:
            # Its own: symbolic losses are none of a call with values around this one.
            outer = calls.context
            training = kwargs.get("training")
            context = CallContext(self, outer.training if outer is not None and training is None else training)
            calls.context = context
            try:
                with registry.scope(self._backend), scope.dropping():
                    return self._infer(context, args, dict(kwargs))
            finally:
                calls.context = outer

        # Arguments as given: replaying the node decides training and masks anew.
        outputs = symbolic.record(self, infer, args, kwargs)
        if self.__dict__.get("_node") is None:
            first = next((leaf for leaf in tree.flatten(outputs) if isinstance(leaf, symbolic.KerasTensor)), None)
            node = first.node if first is not None else None
            object.__setattr__(self, "_node", node if node is not None and node.operation is self else None)
        return outputs

    def _infer(self, context: CallContext, args: tuple, kwargs: dict[str, Any]) -> Any:
        if not self._overrides("compute_output_shape") or self._overrides_call_only():
            return self._call_within(context, args, kwargs)
        signature = signature_of(type(self).call)
        args, kwargs = self._converted(args, kwargs)
        if not self.built:
            self._build_once(signature, args, kwargs)
        if self.input_spec is not None and args:
            check_inputs(self.name, self.input_spec, args[0])
        outputs = self.compute_output_spec(*args, **kwargs)
        self._mask_outputs(signature, args, kwargs, outputs)
        return outputs

    def _overrides(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(Layer, name)

    def _overrides_call_only(self) -> bool:
        # Our own layers are written in ops, so that running `call` gives shapes and dtypes; a user's stated shape has
        # precedence.
        return type(self).__module__.partition(".")[0] == __name__.partition(".")[0]

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs as symbolic tensors; by `compute_output_shape` where a subclass has it."""
        if self._overrides("compute_output_shape"):
            shape = self._stated_output_shape(args, kwargs)
            return map_shapes(lambda one: symbolic.KerasTensor(one, self.compute_dtype), shape)
        return symbolic.symbolic_call(self, *args, **kwargs)

    def _stated_output_shape(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call the `compute_output_shape` of a subclass with the shapes that it asks for."""
        wanted = list(inspect.signature(self.compute_output_shape).parameters)
        if len(wanted) == 1:
            return self.compute_output_shape(shapes_of(args[0] if args else next(iter(kwargs.values()))))
        values = signature_of(type(self).call).by_name(args, kwargs)
        shapes = {f"{name}_shape": shapes_of(value) for name, value in values.items() if has_tensors(value)}
        if not shapes.keys() & set(wanted):
            return self.compute_output_shape(shapes_of(args[0]))
        return self.compute_output_shape(**{name: shapes[name] for name in wanted if name in shapes})

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of the outputs for inputs of a shape.

        Args:
            args: shapes of the arguments of `call`, in order.
            kwargs: the same by the names of the arguments of `call` with "_shape" behind them.
        """

        def spec(shape: Any) -> Any:
            if shape is None:
                return None
            return map_shapes(lambda one: symbolic.KerasTensor(one, self.compute_dtype), shape)

        named = {name.removesuffix("_shape"): spec(shape) for name, shape in kwargs.items()}
        if "input" in named and "input" not in signature_of(type(self).call).parameters:
            args, named = (*args, kwargs["input_shape"]), {key: one for key, one in named.items() if key != "input"}
        with symbolic.recording_off():
            outputs = self(*map(spec, args), **named)
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
                raise ValueError(
                    f"{self.name}: add_loss expected a scalar; got shape {dispatch.shape_of(one)}. Reduce it with"
                    f" ops.sum or ops.mean."
                )
            if calls.context is not None:
                calls.context.losses.append((weakref.ref(self), one))
            else:
                calls.losses.setdefault(self, []).append((weakref.ref(self), one))

    def _add_activity_loss(self, outputs: Any) -> None:
        for output in tree.flatten(outputs):
            batch = dispatch.shape_of(output)[0] or 1
            self.add_loss(ops.true_divide(self.activity_regularizer(output), float(batch)))

    @property
    def losses(self) -> list[Any]:
        """The losses of the last call and of regularized weights."""
        entries = [calls.context.losses] if calls.context is not None else list(calls.losses.values())
        if calls.context is None and self in calls.losses:
            entries = [calls.losses[self]]
        owned = {id(layer) for layer in self._all_layers()} if any(entries) else set()
        found = [loss for entry in entries for layer, loss in entry if id(layer()) in owned]
        for variable in self.trainable_variables:
            if variable.regularizer is not None:
                found.append(variable.regularizer(variable))
        return found

    def _clear_losses(self) -> None:
        calls.losses.pop(self, None)

    # -- the graph

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
            raise AttributeError(
                f"{self.name}: no symbolic {what}. Expected a layer called in a model. Call it on keras.Input(...)"
                f" first."
            )
        return node


def _surrounded_build(build: Callable) -> Callable:
    """Return a `build` that names the variables after the layer and marks it built, if all goes well."""

    @functools.wraps(build)
    def surrounded(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self._building:
            build(self, *args, **kwargs)
            return
        # Of sublayers that are built on the way nothing must remain either.
        with whole.kept_on_failure(self._flatten_layers()):
            object.__setattr__(self, "_building", True)
            with name_scope(self.name, caller=self), registry.scope(self._backend):
                build(self, *args, **kwargs)
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
        raise ValueError(
            f"{class_name}: unknown argument {next(iter(kwargs))!r}. Expected arguments of the class; see"
            f" help({class_name}). Remove it."
        )
    return None if shape is None else tuple(shape)


def _note_layer(error: Exception, layer: Layer, args: tuple) -> None:
    """Say in which layer an error arose, once per error and for the innermost layer only."""
    if not getattr(error, "_named_layer", False) and not type(error).__name__.startswith("_"):
        try:
            error._named_layer = True  # type: ignore[attr-defined]
        except AttributeError:
            return
        shapes = [shapes_of(arg) for arg in args if has_tensors(arg)]
        error.add_note(f"in layer {layer.name!r} ({type(layer).__name__}), called on shapes {shapes}")

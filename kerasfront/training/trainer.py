"""The `Trainer`: compile, fit, evaluate and predict, which every model has."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable
from typing import Any

from kerasfront import ops
from kerasfront.state import interrupts, whole
from kerasfront.training import arguments, batches, data, limits, lookups, loop, step, surroundings
from kerasfront.training import logs as logs_module
from kerasfront.training.compilation import (
    Compilation,
    arguments_from,
    compilation_from,
    config_from,
    optimizer_from,
)
from kerasfront.utils import host_memory


class Trainer:
    """Training, evaluation and inference of a model; `Model` inherits it.

    The stages may be overridden one at a time: `train_step`, `test_step`, `predict_step`, `compute_loss`,
    `compute_metrics`. Each runs compiled, whatever the engine.

    Notes:
        A step is whole or has not happened: an exception or an interrupt at any moment leaves weights, optimizer
        and metrics as the last whole step left them, and `fit` may be called again.
    """

    optimizer: Any = None
    """The optimizer; None before `compile`."""
    loss: Any = None
    """The `loss` argument of `compile`."""
    stop_training: bool = False
    """Set it to True in a callback, and `fit` ends after the batch or epoch at hand."""
    stop_evaluating: bool = False
    """Set it to True in a callback, and `evaluate` ends after the batch at hand."""
    stop_predicting: bool = False
    """Set it to True in a callback, and `predict` ends after the batch at hand."""
    train_function: Callable | None = None
    test_function: Callable | None = None
    predict_function: Callable | None = None
    _compilation: Compilation | None = None
    _fits_running: int = 0
    _order_seed: int | None = None
    _run_eagerly: bool = False
    _jit_compile: bool | str = "auto"
    _loss_takes_training: bool = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Looked at here, because compiled code cannot look at signatures.
        cls._loss_takes_training = step.takes_argument(cls.compute_loss, "training")

    @step.on_own_engine
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is to be trained and judged.

        Args:
            optimizer: a name, config or `Optimizer`.
            loss: a name, function or `Loss`; for several outputs also a list in their order, a dict by their names, or
                nested like them. None for an output without loss, a list for one whose losses are added up. None as a
                whole for models that bring their own (`add_loss`, `compute_loss`, `train_step`).
            loss_weights: factors of the outputs' losses in the sum, in the same manner.
            metrics: a list of names, functions or `Metric`s; for several outputs a list of lists, a dict by name, or
                nested like them.
                "accuracy" and "crossentropy" become the binary, sparse or categorical kind by the labels' shape.
            weighted_metrics: metrics that take sample weights and class weights into account.
            run_eagerly: run each step as plain Python, to look into it.
            steps_per_execution: batches that go into one call of the engine; callbacks see one batch in so many.
            jit_compile: use the engine's just-in-time compiler; "auto" lets the engine choose.
            auto_scale_loss: scale the loss under the dtype policy "mixed_float16".

        Raises:
            ValueError: an unknown name, or a number that does not fit.
        """
        given = {
            "optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly, "jit_compile": jit_compile,
            "steps_per_execution": steps_per_execution, "auto_scale_loss": auto_scale_loss,
        }  # fmt: skip
        policy = getattr(getattr(self, "dtype_policy", None), "name", "float32")
        # Both are made before anything is set: a name that is wrong leaves the model as it was compiled before.
        compilation = compilation_from(given, self.name)
        made = optimizer_from(optimizer, scale_loss=auto_scale_loss and policy == "mixed_float16")
        with interrupts.deferred():
            self._compilation, self.optimizer, self.loss = compilation, made, loss
            self._run_eagerly, self._jit_compile = bool(run_eagerly), compilation.jit_compile
            self.stop_training = False

    # -- what was compiled -----------------------------------------------------------------------

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self._compilation is not None

    @property
    def _compiled_steps(self) -> step.Steps:
        """The compiled steps, made when first needed; no copy of the model takes them along."""
        found = self.__dict__.get("_compiled_steps")
        return found if found is not None else self.__dict__.setdefault("_compiled_steps", step.Steps())

    def _forget_compiled_steps(self) -> None:
        """Compile again with the next step."""
        self.__dict__.pop("_compiled_steps", None)

    def _trainer_variables(self) -> list:
        """The state that training keeps beside that of the layers: of metrics and of the optimizer."""
        variables = [variable for metric in self.metrics for variable in metric.variables]
        return variables + (self.optimizer.variables if self.optimizer is not None else [])

    @property
    def _has_call(self) -> bool:
        """Whether the model says what it computes; one with its own steps need not."""
        base = next(kind for kind in type(self).__mro__ if Trainer in kind.__bases__)
        return getattr(self, "_graph", None) is not None or type(self).call is not base.call

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._run_eagerly = bool(value)

    @property
    def jit_compile(self) -> bool | str:
        """Whether steps use the engine's just-in-time compiler; "auto" lets the engine choose."""
        return self._jit_compile

    @jit_compile.setter
    def jit_compile(self, value: bool | str) -> None:
        self._jit_compile = arguments.jit_choice(self.name, value)

    @property
    def steps_per_execution(self) -> int:
        """Batches that go into one call of the engine."""
        return self._compilation.steps_per_execution if self._compilation else 1

    @steps_per_execution.setter
    def steps_per_execution(self, value: int) -> None:
        number = arguments.whole_number(self.name, "steps_per_execution", value, 1, none=False)
        self._require_compiled("steps_per_execution").steps_per_execution = number or 1

    @property
    def metrics(self) -> list:
        """All metrics: of the loss, of each output's loss, the compiled ones as one, and those of the layers."""
        found: list = []
        if self._compilation is not None:
            found.append(self._compilation.loss_tracker)
            found += self._compilation.loss.metrics if self._compilation.loss else []
            found += [self._compilation.metrics] if self._compilation.metrics else []
        found += getattr(super(), "metrics", [])
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of the numbers that `evaluate` returns, in its order; complete once the model has seen labels."""
        names: list[str] = []
        for metric in self.metrics:
            names += getattr(metric, "result_names", None) or [metric.name]
        return names

    def reset_metrics(self) -> None:
        """Let all metrics forget what they saw."""
        with whole.together():
            for metric in self.metrics:
                metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the results of all metrics by name, as tensors."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile` as plain data, None if it was not called."""
        return config_from(self._compilation, self.optimizer) if self._compilation else None

    @step.on_own_engine
    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` gave, and make the optimizer's state if the model is built."""
        self.compile(**arguments_from(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    # -- stages ----------------------------------------------------------------------------------

    @step.default
    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one optimizer step on a batch and return the logs, as tensors.

        An own one reads the weights and assigns them like any Python code, and is compiled as this one is.

        Args:
            data: `(x, y, sample_weight)`, or fewer.

        Example:
            >>> import kerasfront as keras
            >>> class Plain(keras.Model):
            ...     def train_step(self, data):
            ...         x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
            ...         def loss_of():
            ...             return self.compute_loss(x, y, self(x, training=True))
            ...         loss, gradients = keras.value_and_grad(loss_of, self.trainable_variables)
            ...         self.optimizer.apply(gradients, self.trainable_variables)
            ...         return {"loss": loss}
        """
        return step.train(self, data, self.compute_metrics)

    @step.default
    def test_step(self, data: Any) -> dict[str, Any]:
        """Judge the model on a batch and return the logs, as tensors."""
        return step.test(self, data, self.compute_metrics)

    @step.default
    def predict_step(self, data: Any) -> Any:
        """Return the outputs for a batch."""
        return step.predict(self, data)

    @step.default
    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Return the loss to minimise, a scalar: the compiled losses plus those that layers added.

        Args:
            x: inputs.
            y: labels.
            y_pred: outputs of the model.
            sample_weight: weights of the samples.
            training: whether a training step asks.

        Raises:
            ValueError: there is nothing to minimise.
        """
        compiled = self._compilation.loss if self._compilation else None
        total = compiled(y, y_pred, sample_weight) if compiled is not None else None
        for added in self.losses:
            total = ops.sum(added) if total is None else total + ops.sum(added)
        if total is not None:
            return total
        if training:
            raise ValueError(
                f"{self.name}.fit: there is no loss to minimise. Expected `loss` in compile(), add_loss() in a layer "
                "or an own compute_loss(); got none. Pass a loss such as loss='mse' to compile()."
            )
        return ops.zeros(())

    @step.default
    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Put a batch into the compiled metrics and return the results of all metrics, as tensors."""
        step.count_metrics(self, x, y, y_pred, sample_weight)
        return self.get_metrics_result()

    # -- loops -----------------------------------------------------------------------------------

    @step.on_own_engine
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train the model.

        Args:
            x: arrays, tensors, data frames, dicts or lists of these; or a generator, `PyDataset` or an engine's data
                set of batches `(x, y)` or `(x, y, sample_weight)`.
            y: labels, nested like the outputs; or for the outputs with a loss alone. Only with arrays.
            batch_size: samples per step, 32 by default; only with arrays.
            epochs: number of the last epoch, counted from one.
            verbose: 0 silent, 1 a progress bar, 2 a line per epoch, "auto" a bar on a terminal.
            callbacks: list of `Callback`s.
            validation_split: the fraction of the samples, taken from the end before shuffling, to validate on.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a data set to validate on.
            shuffle: give arrays a new order in each epoch, the same on every engine.
            class_weight: weights by class label, 1 for labels not in it; for integer or one-hot labels of one output.
            sample_weight: weights by sample; only with arrays.
            initial_epoch: number of the epoch to start with, counted from zero.
            steps_per_epoch: batches per epoch, for data without end; None for one pass over the data.
            validation_steps: batches to validate on, None for all.
            validation_batch_size: samples per validation step, `batch_size` by default.
            validation_freq: validate every so many epochs, or after the epochs listed (counted from one).

        Returns:
            A `History`: `history.history` has a list of numbers per epoch for each name.

        Raises:
            ValueError: the model is not compiled, or data or numbers do not fit.

        Notes:
            A generator that gives fewer batches than asked for ends the training with a warning. A loss that is NaN
            or infinite at the end of an epoch warns once; the callback `TerminateOnNaN` stops at once. Class labels
            out of range, and integers that an `Embedding` right behind an input does not know, are refused where all
            data is in memory; elsewhere they make the loss NaN or are refused by the step. `config.set_max_epochs` and
            `config.set_max_steps_per_epoch` cut a training short, with a warning.
        """
        where = f"{self.name}.fit"
        self._require_compiled("fit")
        epochs = arguments.whole_number(where, "epochs", epochs, 0, none=False) or 0
        first = arguments.whole_number(where, "initial_epoch", initial_epoch, 0, none=False) or 0
        frequency = arguments.validation_epochs(where, validation_freq)
        verbose = arguments.verbosity(where, verbose)
        fraction = arguments.split_fraction(where, validation_split)
        arguments.whole_number(where, "validation_steps", validation_steps, 1)
        arguments.whole_number(where, "validation_batch_size", validation_batch_size, 1)
        if first >= epochs:
            warnings.warn(
                f"{where}: nothing is trained. Expected `epochs` above `initial_epoch`; got {epochs} and {first}. "
                "Pass the number of the last epoch as `epochs`.",
                UserWarning,
                stacklevel=3,
            )
        if fraction and validation_data is None:
            (x, y, sample_weight), validation_data = data.split_validation((x, y, sample_weight), fraction, where)
        self.stop_training = False
        with contextlib.ExitStack() as closing:
            closing.enter_context(host_memory.kept())
            given = data.source_from(
                x,
                y,
                sample_weight,
                batch_size=batch_size,
                steps_per_epoch=steps_per_epoch,
                shuffle=shuffle,
                class_weight=class_weight,
                seed=surroundings.order_seed(self, fresh=not first),
                name=where,
            )
            source = closing.enter_context(limits.limited_steps(given, where))
            numbers = limits.limited_epochs(range(first, epochs), where)
            last = numbers.stop if numbers else epochs
            known = surroundings.callback_list(self, callbacks, verbose, last, source.num_batches, history=True)
            validate = None
            if validation_data is not None:
                # What comes in batches keeps its own.
                size = validation_batch_size or (batch_size if isinstance(validation_data, (tuple, list)) else None)
                held_out = closing.enter_context(
                    surroundings.validation_source(validation_data, size, validation_steps, where)
                )
                validate = surroundings.Validation(self, held_out, frequency, known, where)
            closing.enter_context(surroundings.running(self))

            def check() -> None:
                surroundings.warn_of_nothing_to_train(self, where)
                surroundings.check_labels(self, source, where)

            loop.fit(self, source, known, numbers, validate, check)
        return known.history

    @step.on_own_engine
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Judge the model.

        Args:
            x: as for `fit`.
            y: as for `fit`.
            batch_size: as for `fit`.
            verbose: as for `fit`.
            sample_weight: as for `fit`.
            steps: batches to judge on, None for all.
            callbacks: list of `Callback`s.
            return_dict: return a dict by name.

        Returns:
            The loss, or a list of loss and metrics in the order of `metrics_names`, or a dict.

        Raises:
            ValueError: the model is not compiled, or data or numbers do not fit.
        """
        where = f"{self.name}.evaluate"
        if kwargs:
            raise ValueError(
                f"{where}: unknown arguments {sorted(kwargs)}. Expected those of the signature. Leave them out."
            )
        self._require_compiled("evaluate")
        arguments.whole_number(where, "steps", steps, 1)
        verbose = arguments.verbosity(where, verbose)
        with surroundings.whole_pass(x, y, sample_weight, batch_size, steps, where) as source:
            known = surroundings.callback_list(self, callbacks, verbose, 1, source.num_batches)
            check = functools.partial(surroundings.check_labels, self, source, where)
            with host_memory.kept(), surroundings.kept_metrics(self):
                numbers = loop.evaluate(self, source, known, check)
        return numbers if return_dict else logs_module.in_order(numbers, self.metrics_names)

    @step.on_own_engine
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the model's outputs for all samples as NumPy arrays, batch after batch.

        May be called from several threads at once, also while another thread trains the model; each batch then sees
        the weights of some whole step.

        Args:
            x: as for `fit`.
            batch_size: samples per step, 32 by default.
            verbose: as for `fit`.
            steps: batches to run, None for all.
            callbacks: list of `Callback`s.

        Raises:
            ValueError: data or numbers do not fit.
        """
        where = f"{self.name}.predict"
        arguments.whole_number(where, "steps", steps, 1)
        verbose = arguments.verbosity(where, verbose)
        if not verbose and callbacks is None and steps is None and batches.is_one_batch(x, batch_size):
            return self._outputs_for(x, where)
        with surroundings.whole_pass(x, None, None, batch_size, steps, where) as source:
            known = surroundings.callback_list(self, callbacks, verbose, 1, source.num_batches)
            check = functools.partial(surroundings.check_labels, self, source, where)
            with host_memory.kept():
                outputs = loop.predict(self, source, known, check)
            return lookups.warned_of_nan(self, outputs, where)

    # -- single batches --------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Take one step on one batch and return its loss and metrics.

        Args:
            x: inputs of the batch.
            y: labels.
            sample_weight: weights by sample.
            class_weight: weights by class label.
            return_dict: return a dict by name.
        """
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Judge the model on one batch and return its loss and metrics."""
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    @step.on_own_engine
    def predict_on_batch(self, x: Any) -> Any:
        """Return the model's outputs for one batch as NumPy arrays."""
        where = f"{self.name}.predict_on_batch"
        return self._outputs_for(batches.batch_from(x, where=where), where)

    def _outputs_for(self, batch: Any, where: str) -> Any:
        step.prepare(self, "predict", batch)
        surroundings.check_host_inputs(self, batch, where)
        (outputs,) = self._compiled_steps.get(self, "predict")(batch)
        return lookups.warned_of_nan(self, loop.to_host(outputs), where)

    @step.on_own_engine
    def _on_batch(self, kind: str, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool) -> Any:
        where = f"{self.name}.{kind}_on_batch"
        self._require_compiled(f"{kind}_on_batch")
        batch = batches.batch_from(x, y, sample_weight, class_weight, where)
        step.prepare(self, kind, batch)
        surroundings.check_host_inputs(self, x, where)
        surroundings.check_host_labels(self, y, where)
        with surroundings.kept_metrics(self):
            numbers = logs_module.read(self._compiled_steps.get(self, kind, fresh=True)(batch))
        return numbers if return_dict else logs_module.in_order(numbers, self.metrics_names)

    # -- compiled steps --------------------------------------------------------------------------

    def make_train_function(self, force: bool = False) -> Callable:
        """Return `train_function(iterator)`, which trains on a batch from the iterator and returns the logs."""
        return self._make("train", force)

    def make_test_function(self, force: bool = False) -> Callable:
        """Return `test_function(iterator)`, which judges the model on a batch and returns the logs."""
        return self._make("test", force)

    def make_predict_function(self, force: bool = False) -> Callable:
        """Return `predict_function(iterator)`, which returns the outputs for a batch."""
        return self._make("predict", force)

    def _make(self, kind: str, force: bool) -> Callable:
        name = f"{kind}_function"
        if force:
            self._compiled_steps.clear(kind)
        if getattr(self, name) is None:
            setattr(self, name, functools.partial(step.run_next, self, kind))
        return getattr(self, name)

    def _require_compiled(self, call: str) -> Compilation:
        if self._compilation is None:
            raise ValueError(
                f"{self.name}.{call}: the model has not been compiled. Expected an optimizer and a loss; got none. "
                "Call model.compile(optimizer=..., loss=...) first."
            )
        return self._compilation

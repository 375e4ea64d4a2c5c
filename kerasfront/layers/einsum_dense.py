"""A dense layer whose product is an einsum."""

from __future__ import annotations

import copy
from typing import Any

from kerasfront import activations, initializers, ops
from kerasfront.layers.arguments import not_yet
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized


class EinsumDense(Parameterized, Layer):
    """Compute activation(einsum(equation, inputs, kernel) + bias).

    Args:
        equation: such as "abc,cd->abd"; "..." stands for leading axes.
        output_shape: shape of the output without the batch axis (without what "..." stands for); None for unknown
        sizes.
        activation: a name or function.
        bias_axes: letters of the output that the bias has; no bias for None.
        kernel_initializer, ..., bias_constraint: as in `Dense`.
        lora_rank, lora_alpha, gptq_unpacked_column_size, quantization_config: not supported yet; must be None.

    Weights: `kernel` with the axes of the equation's second operand, `bias`.

    Raises:
        ValueError: the equation or output shape does not fit.
    """

    _parameters = ("kernel", "bias")

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._take(locals())
        not_yet(
            self.name,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            gptq_unpacked_column_size=gptq_unpacked_column_size,
            quantization_config=quantization_config,
        )
        self.equation = equation
        self.partial_output_shape = tuple(output_shape) if isinstance(output_shape, (list, tuple)) else (output_shape,)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes

    def build(self, input_shape: Any) -> None:
        """Work the kernel's shape out of the equation."""
        inputs, kernel, outputs = self._parts()
        rank = len(input_shape)
        lead = rank - len(inputs.replace("...", "")) if "..." in inputs else 0
        sizes = dict(
            zip(
                inputs.replace("...", ""), input_shape[lead:] if inputs.startswith("...") else input_shape, strict=False
            )
        )
        letters = outputs.replace("...", "")
        # The first letter is the batch unless "..." stands for it.
        known = letters if outputs.startswith("...") else letters[1:]
        if len(known) != len(self.partial_output_shape):
            raise ValueError(
                f"{self.name}: output_shape {self.partial_output_shape} for equation {self.equation!r}. Expected"
                f" {len(known)} sizes."
            )
        for letter, size in zip(known, self.partial_output_shape, strict=True):
            if size is not None:
                sizes.setdefault(letter, size)
        options = {**self._options("kernel"), "initializer": self._fitted_initializer(kernel, outputs)}
        self.kernel = self.add_weight(tuple(self._size(sizes, one) for one in kernel), name="kernel", **options)
        self.bias = None
        if self.bias_axes:
            first = min(letters.index(one) for one in self.bias_axes)
            shape = tuple(self._size(sizes, one) if one in self.bias_axes else 1 for one in letters[first:])
            if outputs.endswith("..."):
                shape += (1,) * (rank - len(inputs.replace("...", "")))
            self.bias = self.add_weight(shape, name="bias", **self._options("bias"))

    def _fitted_initializer(self, kernel: str, outputs: str) -> Any:
        """Return the kernel's initializer, which is told what the equation sums over where its spread depends on it."""
        given = self.kernel_initializer
        if not isinstance(given, initializers.VarianceScaling) or None not in (given.input_axes, given.output_axes):
            return given
        fitted = copy.copy(given)
        fitted.input_axes = [axis for axis, letter in enumerate(kernel) if letter not in outputs]
        fitted.output_axes = [axis for axis, letter in enumerate(kernel) if letter in outputs]
        return fitted

    def _parts(self) -> tuple[str, str, str]:
        left, arrow, outputs = self.equation.replace(" ", "").partition("->")
        inputs, comma, kernel = left.partition(",")
        if not arrow or not comma:
            raise ValueError(f"{self.name}: equation is {self.equation!r}. Expected the form 'ab,bc->ac'. Correct it.")
        return inputs, kernel, outputs

    def _size(self, sizes: dict[str, Any], letter: str) -> int:
        if sizes.get(letter) is None:
            raise ValueError(
                f"{self.name}: the size of {letter!r} in {self.equation!r} is unknown. Expected it in the input or"
                f" output_shape."
            )
        return sizes[letter]

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Compute the product, bias and activation."""
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation in (None, activations.linear) else self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {"equation": self.equation, "output_shape": self.partial_output_shape, "bias_axes": self.bias_axes}
        return {
            **super().get_config(),
            **own,
            "activation": activations.serialize(self.activation),
            **self._parameter_config(),
        }

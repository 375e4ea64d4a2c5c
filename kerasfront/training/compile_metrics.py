"""The metrics that `compile` describes: lists of metrics per output, named as the History names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront import metrics as metrics_module
from kerasfront import tree
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.training import alignment, targets

_ACCURACY = {
    "binary": metrics_module.BinaryAccuracy,
    "sparse": metrics_module.SparseCategoricalAccuracy,
    "categorical": metrics_module.CategoricalAccuracy,
}
_CROSSENTROPY = {
    "binary": metrics_module.BinaryCrossentropy,
    "sparse": metrics_module.SparseCategoricalCrossentropy,
    "categorical": metrics_module.CategoricalCrossentropy,
}
_BY_SHAPE = {"accuracy": _ACCURACY, "acc": _ACCURACY, "crossentropy": _CROSSENTROPY, "ce": _CROSSENTROPY}


class CompileMetrics:
    """All compiled metrics behind the interface of one metric.

    Args:
        metrics: metrics that see no sample weights: a list for a model with one output; a list or dict of lists
            for several.
        weighted_metrics: metrics that see sample weights, in the same manner.
        where: the model's name for messages.
    """

    name = "compile_metrics"

    def __init__(self, metrics: Any, weighted_metrics: Any = None, where: str = "model"):
        self._given = (metrics, weighted_metrics)
        self._where = where
        for argument, given in zip(("metrics", "weighted_metrics"), self._given, strict=True):
            alignment.check_items(f"{where}.compile: `{argument}`", given, "a name, a function or a Metric")
        for name in alignment.names_in(self._given):
            if name.lower() not in _BY_SHAPE:
                metrics_module.get(name)
        self.built = False
        self.names: list[str] = []
        self.labelled: list[bool] | None = None
        """Whether each output has a loss, where labels may come for these alone."""
        self._entries: list[_Entry] = []

    @property
    def metrics(self) -> list:
        """The metric objects, each once."""
        return list({id(entry.metric): entry.metric for entry in self._entries}.values())

    @property
    def variables(self) -> list:
        """The state of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def result_names(self) -> list[str]:
        """The names under which the results stand in the logs."""
        return [entry.label for entry in self._entries]

    def build(self, y_true: Any, y_pred: Any, layer_names: Sequence[str] | None = None) -> None:
        """Find the metrics of each output; only shapes and dtypes of the arguments are looked at.

        Args:
            y_true: labels.
            y_pred: outputs of the model.
            layer_names: names of the layers that give out the outputs, None where the model does not know.

        Raises:
            ValueError: metrics or labels do not fit the outputs.
        """
        self.names = alignment.output_names(y_pred, layer_names)
        labels = targets.align_targets(self._where, y_true, y_pred, self.names, self.labelled)
        predictions = tree.flatten(y_pred)
        entries: list[_Entry] = []
        for given, weighted in zip(self._given, (False, True), strict=True):
            argument = f"{self._where}.compile: `{'weighted_metrics' if weighted else 'metrics'}`"
            for i, items in enumerate(_align_metrics(argument, given, y_pred, self.names)):
                for item in items:
                    metric, label = _resolve(f"{argument} of output {self.names[i]!r}", item, labels[i], predictions[i])
                    entries.append(_Entry(i, metric, label, weighted))
        _label(entries, alignment.log_names(y_pred, self.names, layer_names))
        self._entries, self.built = entries, True
        self._create_state(y_true, y_pred)

    def _create_state(self, y_true: Any, y_pred: Any) -> None:
        """Let metrics that make their variables with the first batch make them now, before a step is compiled."""
        leaves = tree.flatten((y_true, y_pred))
        if all(isinstance(leaf, KerasTensor) for leaf in leaves if leaf is not None):
            self.update_state(y_true, y_pred)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch."""
        if not self.built:
            self.build(y_true, y_pred)
        labels = targets.align_targets(self._where, y_true, y_pred, self.names, self.labelled)
        weights = targets.align_weights(self._where, sample_weight, y_pred, self.names)
        predictions = tree.flatten(y_pred)
        for entry in self._entries:
            i = entry.output
            targets.check_labels(f"{self._where}, metrics of output {self.names[i]!r}", labels[i])
            if entry.weighted and weights[i] is not None:
                entry.metric.update_state(labels[i], predictions[i], sample_weight=weights[i])
            else:
                entry.metric.update_state(labels[i], predictions[i])

    def result(self) -> dict[str, Any]:
        """Return the results under their names."""
        results: dict[str, Any] = {}
        for entry in self._entries:
            value = entry.metric.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[entry.label] = value
        return results

    def reset_state(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Count one batch and return the results."""
        self.update_state(y_true, y_pred, sample_weight=sample_weight)
        return self.result()


class _Entry:
    """One metric of one output."""

    def __init__(self, output: int, metric: Any, label: str, weighted: bool):
        self.output, self.metric, self.label, self.weighted = output, metric, label, weighted


def _label(entries: list[_Entry], names: list[str]) -> None:
    """Give each entry its name in the logs: with the output's name where there are several, never twice the same."""
    taken: set[str] = set()
    for entry in entries:
        label = f"{names[entry.output]}_{entry.label}" if len(names) > 1 else entry.label
        if label in taken and entry.weighted:
            prefix = f"{names[entry.output]}_" if len(names) > 1 else ""
            label = f"{prefix}weighted_{entry.label}"
        count, free = 0, label
        while free in taken:
            count += 1
            free = f"{label}_{count}"
        taken.add(free)
        entry.label = free


def _is_metric(item: Any) -> bool:
    return item is None or isinstance(item, str) or callable(item) or (isinstance(item, dict) and "class_name" in item)


def _align_metrics(where: str, given: Any, y_pred: Any, names: list[str]) -> list[list]:
    """Return the list of metrics of each output."""
    if given is None:
        return [[]] * len(names)
    if len(names) == 1:
        if isinstance(given, dict) and not _is_metric(given):
            (given,) = alignment.align(where, given, None, names, lambda item: not isinstance(item, dict), partial=True)
        return [_as_list(given)]
    if _is_metric(given):
        return [[given]] * len(names)
    if isinstance(given, (list, tuple)) and not given:
        return [[]] * len(names)

    def is_leaf(item: Any) -> bool:
        return _is_metric(item) or (isinstance(item, (list, tuple)) and all(_is_metric(part) for part in item))

    aligned = alignment.align(where, given, y_pred, names, is_leaf, partial=True)
    return [_as_list(items) for items in aligned]


def _as_list(items: Any) -> list:
    """Return a flat list of metrics without the empty places."""
    if items is alignment.MISSING or items is None:
        return []
    if _is_metric(items):
        return [items]
    return [metric for item in items for metric in _as_list(item)]


def _resolve(where: str, item: Any, true: Any, pred: Any) -> tuple[Any, str]:
    """Return the metric object that `item` stands for, and its name."""
    if true is None:
        raise ValueError(f"{where}: there are no labels. Expected labels for this output; got None. Pass them in `y`.")
    if isinstance(item, str) and item.lower() in _BY_SHAPE:
        metric: Any = _BY_SHAPE[item.lower()][targets.kind_of_classes(true, pred)](name=item)
        return metric, item
    found = metrics_module.get(item)
    if isinstance(found, metrics_module.Metric):
        return found, item if isinstance(item, str) else found.name
    name = item if isinstance(item, str) else (getattr(found, "__name__", None) or type(found).__name__)
    name = name.strip("<>")
    return metrics_module.MeanMetricWrapper(found, name=name), name

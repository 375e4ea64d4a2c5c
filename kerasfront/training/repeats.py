"""Single steps, and what repeats one without Python: the common part of `looping` and `replaying`.

An engine that runs steps as plain Python may record one, which holds only while Python decides the same. So there is a
look at what the step depends on, before and after.
"""

from __future__ import annotations

from typing import Any

from kerasfront.state.repeated import Repeated
from kerasfront.training import facts, step

# With fewer steps to come, recording one takes longer than it saves, and so does compiling another one for predictions.
FEWEST_RECORDED = 30
# A step that has changed what it depends on so often will do so again.
_MOST_LOOKS = 3


def allowed(execution: Any) -> bool:
    """Return whether nobody looks at single batches, or asks for something else."""
    model = execution.model
    if execution.watched or model.run_eagerly or model.steps_per_execution > 1:
        return False
    kind = execution.kind
    return step.is_default(model, "predict_step") if kind == "predict" else step.reports_metrics(model, kind)


class Repeats:
    """Runs single steps until one can be repeated by the engine.

    Args:
        execution: runs single steps.
    """

    def __init__(self, execution: Any):
        self._execution = execution
        self._function: Any = None
        self._repeated: Repeated | None = None
        self._decides = not execution.model._backend.compiles
        # Engines may round otherwise where data lies at other addresses. In training that adds up, and it is done anew
        # with the same bits; so it goes through lists of positions even where samples stay in place.
        self.listed = execution.kind == "train"
        self._looks = 0

    def data(self, batch: Any) -> tuple[tuple, int]:
        """Return what the engine runs over, given a batch, and how many samples make one."""
        raise NotImplementedError

    def single(self, batch: Any) -> Any:
        """Run a step by itself, and have the engine repeat it from now on where that can be."""
        execution = self._execution
        if self._repeated is not None or self._looks == _MOST_LOOKS:
            return execution([batch])
        self._looks += 1
        before = self._facts()
        logs = execution([batch])
        found = self._facts()
        # Else the step was made ready by this run perhaps, and does the same from the next one on.
        if found is not None and found == before:
            self.repeat(found, batch)
        return logs

    def repeat(self, found: Any, batch: Any) -> None:
        """Have the engine repeat a step that is ready, with the facts it depends on."""
        self._function = self.function()
        self._repeated = Repeated(self._function, *self.data(batch), found)

    def resume(self) -> None:
        """Have the engine repeat what it repeated in an earlier call, if the model is as it was then."""
        if not self.function().has_loops:
            return
        found = self._facts()
        if found is not None:
            self.repeat(found, None)
        if self._repeated is not None and not self._repeated.compiled:
            self._repeated = None

    def function(self) -> Any:
        """Return the compiled step that is repeated."""
        return self._execution.function

    def look_again(self) -> None:
        """Drop what repeats the step if the model is another one now: a callback may have changed it."""
        if self._repeated is None:
            return
        if self._execution.renewed() is not self._function or self._facts() != self._repeated.facts:
            self._repeated, self._looks = None, 0

    def _facts(self) -> Any:
        return facts.facts_of(self._execution.model) if self._decides else ()

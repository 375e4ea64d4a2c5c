"""The progress bar of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

from typing import Any

from kerasfront.callbacks.callback import Callback
from kerasfront.utils.progbar import Progbar


class ProgbarLogger(Callback):
    """Shows the progress of the loop, as `verbose` asks for it.

    Notes:
        `verbose` is in `params`: 0 for nothing; 1 for a bar that moves, or one line per epoch where the output is no
        terminal; 2 for one line per epoch; "auto" means 1. Metrics are fetched from the engine only when the bar is
        drawn, a few times per second.
    """

    accepts_grouped_batches = True

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progbar | None = None
        self._seen = 0
        self._in_fit = False
        self._epochs = 1
        self._verbose = 1
        self._target: int | None = None

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", "auto")
        self._verbose = 1 if verbose == "auto" else int(verbose)
        self._epochs = params.get("epochs") or 1
        self._target = params.get("steps")

    def _start(self) -> None:
        self._bar = Progbar(self._target, verbose=self._verbose, unit_name="step")
        self._seen = 0

    def _advance(self, batch: int, logs: dict | None) -> None:
        self._seen = batch + 1
        if self._verbose == 1 and self._bar is not None:
            # In the order in which the epoch's logs come.
            self._bar.update(self._seen, lambda: sorted((logs or {}).items()), finalize=False)

    def _finish(self, logs: dict | None) -> None:
        if self._bar is None:
            return
        # Now the number of steps is known, also where the source could not tell it before.
        self._target = self._bar.target = self._seen or self._target
        self._bar.update(self._seen, list((logs or {}).items()), finalize=True)
        self._bar = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._in_fit = True

    def on_train_end(self, logs: dict | None = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._start()
        if self._verbose and self._epochs > 1:
            self._bar.write_line(f"Epoch {epoch + 1}/{self._epochs}")  # type: ignore[union-attr]

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._advance(batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: dict | None = None) -> None:
        if not self._in_fit:
            self._start()

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if not self._in_fit:
            self._advance(batch, logs)

    def on_test_end(self, logs: dict | None = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: dict | None = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: dict | None = None) -> None:
        # The outputs are no numbers to show.
        self._advance(batch, None)

    def on_predict_end(self, logs: dict | None = None) -> None:
        self._finish(None)

"""Worker threads and processes that fetch batches, above all of a `PyDataset`, ahead of the loop.

One thread per worker takes the next number, fetches its batch and puts it down; the consumer takes them in order. With
processes the thread hands the number on through a pipe and waits for the answer or for the death of its process.

Processes are started with "spawn": a fork would copy the locks of the engines' threads and may deadlock. Hence the data
set is pickled, and a program that uses them needs the ``if __name__ == "__main__":`` guard.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import pickle
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

# How long `close` waits for a worker that is busy in the user's code.
PATIENCE = 5.0


class Prefetcher:
    """Results of `fetch(number)` for a sequence of numbers, in order, worked out ahead by threads.

    Args:
        fetchers: one function per thread.
        numbers: what to fetch.
        ahead: results that may wait at most.
        where: whose batches they are, for messages.
    """

    def __init__(
        self, fetchers: Sequence[Callable[[int], Any]], numbers: Sequence[int], ahead: int, where: str = "PyDataset"
    ) -> None:
        self._numbers, self._where = numbers, where
        self._ahead = max(ahead, 1)
        self._results: dict[int, tuple[Any, BaseException | None]] = {}
        self._started = 0
        self._taken = 0
        self._stopped = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, args=(fetch,), name=f"kerasfront-data-{i}", daemon=True)
            for i, fetch in enumerate(fetchers)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, fetch: Callable[[int], Any]) -> None:
        while (position := self._next_position()) is not None:
            result: tuple[Any, BaseException | None]
            try:
                result = (fetch(self._numbers[position]), None)
            except BaseException as error:  # noqa: BLE001  raised again where the batch is consumed
                result = (None, error)
            with self._changed:
                self._results[position] = result
                self._changed.notify_all()

    def _next_position(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._started - self._taken < self._ahead)
            if self._stopped or self._started >= len(self._numbers):
                return None
            self._started += 1
            return self._started - 1

    def __iter__(self) -> Iterator[Any]:
        for position in range(len(self._numbers)):
            with self._changed:
                while position not in self._results and not self._stopped:
                    self._changed.wait()
                if position not in self._results:
                    raise RuntimeError(
                        f"{self._where}: closed while batch {position + 1} was awaited. Expected it to stay open until "
                        "its epoch has been read. Close it when the loop is over."
                    )
                result, error = self._results.pop(position)
                self._taken += 1
                self._changed.notify_all()
            if error is not None:
                raise error
            yield result

    def close(self) -> bool:
        """Stop the threads and wait for them, but not for ever. Return whether all have ended."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        deadline = time.monotonic() + PATIENCE
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(deadline - time.monotonic(), 0.0))
        busy = [thread.name for thread in self._threads if thread.is_alive()]
        if busy:
            warnings.warn(
                f"{self._where}: {len(busy)} threads are still busy fetching batches after {PATIENCE:.0f} s. Expected "
                "them to return. They end with the program; look for a call that blocks.",
                RuntimeWarning,
                stacklevel=2,
            )
        self._threads = []
        self._results.clear()
        return not busy


class WorkerProcess:
    """A process that gets a copy of the data set (by `replace`) and answers with its batches."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), name="kerasfront-data", daemon=True)
        self._process.start()
        # Our copy of their end must go, or the death of the process would not end the pipe.
        theirs.close()
        # Two threads that reap one process at a time would hide its exit code from each other.
        self._joining = threading.Lock()

    def replace(self, pickled: bytes) -> None:
        """Hand over a copy of the data set."""
        self._send(("dataset", pickled))

    def fetch(self, number: int) -> Any:
        """Return batch `number`.

        Raises:
            RuntimeError: the process is gone.
        """
        self._send(("batch", number))
        try:
            # The sentinel wakes us when the process dies, also where a grandchild holds the pipe open.
            multiprocessing.connection.wait([self._pipe, self._process.sentinel])
            if not self._pipe.poll():
                self._raise_dead()
            kind, value, trace = pickle.loads(self._pipe.recv_bytes())
        except (EOFError, OSError) as error:
            self._raise_dead(error)
        if kind == "batch":
            return value
        value.add_note(f"Raised in a worker process of the PyDataset, for batch {number}:\n{trace}")
        raise value

    def _send(self, message: tuple) -> None:
        try:
            self._pipe.send(message)
        except (BrokenPipeError, OSError) as error:
            self._raise_dead(error)

    def _raise_dead(self, cause: BaseException | None = None) -> NoReturn:
        with self._joining:
            self._process.join(1.0)
        code = self._process.exitcode
        ended = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
        raise RuntimeError(
            f"PyDataset: a worker process {ended} before it gave its batch. Expected it to live until the end. "
            "Look for lack of memory or for a crash in __getitem__; a program that starts processes also needs its "
            "entry under "
            'if __name__ == "__main__": (or pass use_multiprocessing=False).'
        ) from cause

    def stop(self) -> None:
        """End the process. A thread that waits for its answer gets an error; the pipe goes with the last reference."""
        self._process.terminate()
        with self._joining:
            self._process.join(PATIENCE)
            if self._process.is_alive():
                self._process.kill()
                self._process.join(PATIENCE)


def serve(pipe: Any) -> None:
    """Answer requests until the pipe ends. Runs in the worker process."""
    # Ctrl-C goes to the whole group; the parent decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    dataset, failure = None, None
    while True:
        try:
            kind, value = pipe.recv()
            if kind == "dataset":
                dataset, failure = _unpickled(value)
                continue
            pipe.send_bytes(failure or _answer(dataset, value))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _unpickled(pickled: bytes) -> tuple[Any, bytes | None]:
    """Return the data set, or the answer that says why there is none."""
    try:
        return pickle.loads(pickled), None
    except BaseException as error:  # noqa: BLE001  raised again in the parent
        return None, _answer_with(error)


def _answer(dataset: Any, number: int) -> bytes:
    try:
        return pickle.dumps(("batch", dataset[number], None), protocol=5)
    except BaseException as error:  # noqa: BLE001  raised again in the parent
        return _answer_with(error)


def _answer_with(error: BaseException) -> bytes:
    trace = "".join(traceback.format_exception(error))
    try:
        answer = pickle.dumps(("error", error, trace), protocol=5)
        # Some exceptions pickle but do not unpickle.
        pickle.loads(answer)
        return answer
    except Exception:  # noqa: BLE001  whatever a user's exception does when it is pickled
        return pickle.dumps(("error", RuntimeError(f"{type(error).__name__}: {error}"), trace), protocol=5)

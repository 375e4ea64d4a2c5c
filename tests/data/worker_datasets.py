"""Data sets for worker processes: in a module of their own, which the processes can import."""

import os
import signal
import threading
import time

import numpy as np

from kerasfront.utils.py_dataset import PyDataset


class Numbers(PyDataset):
    """Batch i is (i, process, thread)."""

    def __init__(self, count=6, **options):
        super().__init__(**options)
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        # The first ones take longest, so that order has to be made.
        time.sleep(0.01 * (index % 3 == 0))
        return np.full((1, 1), float(index)), np.array([[os.getpid(), threading.get_ident() % 2**31]])


class Heavy(Numbers):
    """Carries a megabyte."""

    def __init__(self, **options):
        super().__init__(**options)
        self.load = np.zeros(2**20, "uint8")


class Growing(Numbers):
    """Adds 100 per epoch, and counts the calls of its hooks."""

    offset = -100
    ended = 0

    def on_epoch_begin(self):
        self.offset += 100

    def on_epoch_end(self):
        self.ended += 1

    def __getitem__(self, index):
        return np.full((1, 1), float(index + self.offset))


class Broken(Numbers):
    """Fails at batch 2."""

    def __getitem__(self, index):
        if index == 2:
            raise KeyError("no such row")
        return super().__getitem__(index)


class Stubborn(Exception):
    """Pickles but does not unpickle."""

    def __init__(self, a, b):
        super().__init__(f"{a} {b}")


class BrokenStubbornly(Numbers):
    def __getitem__(self, index):
        raise Stubborn("a", "b")


class Killed(Numbers):
    """Its worker is killed at batch 2."""

    def __getitem__(self, index):
        if index == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


class Exits(Numbers):
    def __getitem__(self, index):
        os._exit(3)


class Slow(Numbers):
    """Leaves a file when a batch is asked for, which then takes a minute."""

    def __init__(self, asked, **options):
        super().__init__(**options)
        self.asked = asked

    def __getitem__(self, index):
        self.asked.touch()
        time.sleep(60)


class Unpicklable(Numbers):
    def __init__(self, **options):
        super().__init__(**options)
        self.lock = threading.Lock()


class Unreadable(Numbers):
    """Pickles but does not unpickle."""

    def __setstate__(self, state):
        raise OSError("file moved")


class Rows(PyDataset):
    """Twelve batches of four rows and labels."""

    def __len__(self):
        return 12

    def __getitem__(self, index):
        x = np.random.RandomState(index).normal(size=(4, 3)).astype("float32")
        return x, (x[:, :1] > 0).astype("float32")


class BrokenRows(Rows):
    def __getitem__(self, index):
        if index == 2:
            raise KeyError("no such row")
        return super().__getitem__(index)


class KilledRows(Rows):
    def __getitem__(self, index):
        if index == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)

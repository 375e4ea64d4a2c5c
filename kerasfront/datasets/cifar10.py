"""CIFAR-10: 60,000 colour pictures of 32x32 pixels in ten classes."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from kerasfront import config
from kerasfront.datasets.origin import Pair, Split, url_of
from kerasfront.utils.data_utils import get_file

PUBLIC_FOLDER = "https://www.cs.toronto.edu/~kriz/"
FILE = "cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEST = ("test_batch",)

# All that a pickled NumPy array of numbers needs, under its names before and after NumPy 2.
_ALLOWED = {
    (module, name)
    for module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
    for name in ("ndarray", "dtype", "_reconstruct")
}


class _ArrayUnpickler(pickle.Unpickler):
    """Reads pickled containers, numbers, bytes and arrays, and refuses everything that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return super().find_class(module, name)


def load_data() -> Split:
    """Load CIFAR-10, downloading 170 MB into the cache on first use.

    The classes 0 to 9: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Shapes:
        x_train (50000, 32, 32, 3), y_train (50000, 1), x_test (10000, 32, 32, 3), y_test (10000, 1);
        with `image_data_format() == "channels_first"` pictures are (n, 3, 32, 32).

    Dtypes:
        uint8: pixels 0 to 255, labels 0 to 9.

    Returns:
        `((x_train, y_train), (x_test, y_test))` as NumPy arrays.

    Raises:
        ConnectionError: Not in the cache and not to be downloaded; says where to put the file by hand.
        ValueError: The file has the wrong checksum or holds something else than pictures and labels.

    Notes:
        The publisher's files are pickles. They are read without running code from them.

    Source:
        Krizhevsky: Learning Multiple Layers of Features from Tiny Images, technical report (2009).
    """
    archive = get_file("cifar-10-batches-py-target", origin=url_of(FILE, PUBLIC_FOLDER), file_hash=SHA256, extract=True)
    folder = Path(archive) / "cifar-10-batches-py"
    return _read_part(folder, _TRAIN), _read_part(folder, _TEST)


def _read_part(folder: Path, names: tuple[str, ...]) -> Pair:
    batches = [_read_batch(folder / name) for name in names]
    pictures = np.concatenate([x for x, _ in batches])
    labels = np.concatenate([y for _, y in batches])
    if config.image_data_format() == "channels_last":
        pictures = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    return pictures, labels.reshape(-1, 1)


def _read_batch(file: Path) -> Pair:
    """Return pictures (n, 3, 32, 32) and labels (n,) of one file."""
    try:
        with file.open("rb") as stream:
            batch = _ArrayUnpickler(stream, encoding="bytes").load()
        pictures = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32)
        labels = np.asarray(batch[b"labels"], np.uint8)
    except (pickle.UnpicklingError, KeyError, TypeError, ValueError, EOFError, OSError) as error:
        raise ValueError(
            f"datasets.cifar10: {file} cannot be read ({error}). Expected a pickled dict with the array b'data' and the"
            f" list b'labels'; got {type(error).__name__}. Delete the folder {file.parent.parent} and load again."
        ) from error
    if len(pictures) != len(labels):
        raise ValueError(
            f"datasets.cifar10: {file} has pictures and labels that do not fit. Expected as many labels as pictures;"
            f" got {len(labels)} and {len(pictures)}. Delete the folder {file.parent.parent} and load again."
        )
    return pictures, labels

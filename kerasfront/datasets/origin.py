"""Where data sets are fetched from, and how a mirror takes the place of the public servers."""

import os

from numpy import ndarray

Pair = tuple[ndarray, ndarray]
Split = tuple[Pair, Pair]


def url_of(file_name: str, public_folder: str) -> str:
    """Return the URL of a data set's file, on the mirror `$KERASFRONT_DATASETS_ORIGIN` if that is set.

    Args:
        file_name: Name of the file.
        public_folder: URL of the folder that the publisher keeps it in.

    Returns:
        The URL, without a doubled slash.

    Example:
        >>> url_of("a.npz", "https://example.org/data/")
        'https://example.org/data/a.npz'
    """
    folder = os.environ.get("KERASFRONT_DATASETS_ORIGIN") or public_folder
    return f"{folder.rstrip('/')}/{file_name}"

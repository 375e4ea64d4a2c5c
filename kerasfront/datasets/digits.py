"""Digits: 1,797 real handwritten digits of 8x8 grey pixels, which scikit-learn carries, so no network is needed."""

import numpy as np

from kerasfront.datasets.origin import Split


def load_data(test_split: float = 0.2, seed: int = 113) -> Split:
    """Load the 8x8 digits that come with scikit-learn, shuffled and split.

    Shapes:
        x_train (n, 8, 8), y_train (n,), x_test (m, 8, 8), y_test (m,) with n + m = 1797.

    Dtypes:
        uint8: pixels 0 (background) to 16 (ink), labels 0 to 9.

    Args:
        test_split: Share of the pictures kept for testing, between 0 and 1; their number is rounded down.
        seed: Seed of the shuffle, which is the same on every engine and machine.

    Returns:
        `((x_train, y_train), (x_test, y_test))` as NumPy arrays.

    Raises:
        ImportError: scikit-learn is not installed; says the `pip install` line.
        ValueError: `test_split` is not within [0, 1].

    Source:
        Kaynak (1995), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (test part).

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((1438, 8, 8), (359,))
    """
    if not 0 <= test_split <= 1:
        raise ValueError(
            f"datasets.digits: test_split is no share. Expected a number from 0 to 1; got {test_split!r}."
            " Use 0.2 for a fifth."
        )
    try:
        from sklearn.datasets import load_digits  # an optional dependency that takes a second to import
    except ImportError as error:
        raise ImportError(
            "datasets.digits: the pictures come with scikit-learn. Expected it to be installed; got"
            f" {type(error).__name__}. Run `pip install kerasfront[datasets]`."
        ) from error
    source = load_digits()
    # RandomState, unlike Generator, promises the same stream in every version of NumPy.
    order = np.random.RandomState(seed).permutation(len(source.target))
    pictures = source.images[order].astype(np.uint8)
    labels = source.target[order].astype(np.uint8)
    train = len(order) - int(len(order) * test_split)
    return (pictures[:train], labels[:train]), (pictures[train:], labels[train:])

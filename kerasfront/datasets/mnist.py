"""MNIST: 70,000 handwritten digits of 28x28 grey pixels."""

import numpy as np

from kerasfront.datasets.origin import Split, url_of
from kerasfront.utils.data_utils import get_file

PUBLIC_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FILE = "mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Split:
    """Load MNIST, downloading 11 MB into the cache on first use.

    Shapes:
        x_train (60000, 28, 28), y_train (60000,), x_test (10000, 28, 28), y_test (10000,).

    Dtypes:
        uint8: pixels 0 (background) to 255 (ink), labels 0 to 9.

    Args:
        path: Name of the file in the cache folder `~/.kerasfront/datasets`, or an absolute path.

    Returns:
        `((x_train, y_train), (x_test, y_test))` as NumPy arrays.

    Raises:
        ConnectionError: Not in the cache and not to be downloaded; says where to put the file by hand.
        ValueError: The file has the wrong checksum.

    Source:
        LeCun, Cortes, Burges: The MNIST database of handwritten digits. CC BY-SA 3.0.
    """
    file = get_file(path, origin=url_of(FILE, PUBLIC_FOLDER), file_hash=SHA256)
    with np.load(file, allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

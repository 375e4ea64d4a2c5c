"""Fashion-MNIST: 70,000 pictures of clothing, in the shape of MNIST and harder."""

import gzip
import struct

import numpy as np

from kerasfront.datasets.origin import Split, url_of
from kerasfront.utils.data_utils import get_file

PUBLIC_FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# MD5 as the authors publish them.
MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
_UNSIGNED_BYTE = 0x08


def load_data() -> Split:
    """Load Fashion-MNIST, downloading 31 MB into the cache on first use.

    The classes 0 to 9: T-shirt/top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Shapes:
        x_train (60000, 28, 28), y_train (60000,), x_test (10000, 28, 28), y_test (10000,).

    Dtypes:
        uint8: pixels 0 to 255, labels 0 to 9.

    Returns:
        `((x_train, y_train), (x_test, y_test))` as NumPy arrays.

    Raises:
        ConnectionError: Not in the cache and not to be downloaded; says where to put the file by hand.
        ValueError: A file has the wrong checksum or is no IDX file of bytes.

    Source:
        Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv 1708.07747 (2017). MIT licence.
    """
    x_train, y_train, x_test, y_test = (_read_idx(_fetch(name)) for name in MD5)
    return (x_train, y_train), (x_test, y_test)


def _fetch(name: str) -> str:
    return get_file(
        name, origin=url_of(name, PUBLIC_FOLDER), file_hash=MD5[name], cache_subdir="datasets/fashion-mnist"
    )


def _read_idx(file: str) -> np.ndarray:
    """Read an IDX file: two zero bytes, a type code, the rank, big-endian sizes, then the data in C order."""
    with gzip.open(file, "rb") as stream:
        content = stream.read()
    magic, rank = content[:3], content[3] if len(content) > 3 else 0
    start = 4 + 4 * rank
    if magic != bytes((0, 0, _UNSIGNED_BYTE)) or len(content) < start:
        raise ValueError(
            f"datasets.fashion_mnist: {file} is no IDX file of unsigned bytes. Expected it to begin with 00 00 08;"
            f" got {magic.hex(' ')}. Delete the file and load again."
        )
    shape = struct.unpack_from(f">{rank}I", content, 4)
    if len(content) - start != int(np.prod(shape)):
        raise ValueError(
            f"datasets.fashion_mnist: {file} has the wrong size. Expected {int(np.prod(shape))} bytes for shape"
            f" {shape}; got {len(content) - start}. Delete the file and load again."
        )
    # A copy, since an array on top of `bytes` cannot be written to.
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()

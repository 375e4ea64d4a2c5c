"""The data sets: files as their publishers write them are read right, damaged and hostile ones are refused."""

import gzip
import hashlib
import inspect
import io
import os
import pickle
import struct
import tarfile
import types

import numpy as np
import pytest

from kerasfront import config, datasets
from kerasfront.datasets import cifar10, digits, fashion_mnist, mnist

IMAGES = np.random.RandomState(0).randint(0, 256, (7, 28, 28)).astype(np.uint8)
LABELS = np.arange(7, dtype=np.uint8)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# -- MNIST ---------------------------------------------------------------------------------------


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


@pytest.fixture
def small_mnist(mirror, monkeypatch):
    content = npz(x_train=IMAGES[:5], y_train=LABELS[:5], x_test=IMAGES[5:], y_test=LABELS[5:])
    mirror.files["mnist.npz"] = content
    monkeypatch.setattr(mnist, "SHA256", sha256(content))
    return mirror


def test_mnist_is_read_and_cached(small_mnist):
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
        np.testing.assert_array_equal(x_train, IMAGES[:5])
        np.testing.assert_array_equal(y_train, LABELS[:5])
        np.testing.assert_array_equal(x_test, IMAGES[5:])
        np.testing.assert_array_equal(y_test, LABELS[5:])
    assert small_mnist.requests == ["mnist.npz"]


def test_mnist_path_names_the_file(small_mnist, tmp_path):
    mnist.load_data(str(tmp_path / "mine.npz"))
    assert (tmp_path / "mine.npz").read_bytes() == small_mnist.files["mnist.npz"]


def test_mnist_with_wrong_checksum_is_refused(small_mnist):
    small_mnist.files["mnist.npz"] += b"!"
    with pytest.raises(ValueError, match="not the right one"):
        mnist.load_data()


def test_mnist_holding_pickled_objects_is_refused(small_mnist, monkeypatch):
    content = npz(x_train=np.array([{"a": 1}], dtype=object), y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    small_mnist.files["mnist.npz"] = content
    monkeypatch.setattr(mnist, "SHA256", sha256(content))
    with pytest.raises(ValueError, match="allow_pickle"):
        mnist.load_data()


def test_without_network_the_place_for_the_file_is_named(mirror, cache):
    with pytest.raises(ConnectionError) as caught:
        mnist.load_data()
    assert str(cache / "datasets" / "mnist.npz") in str(caught.value)


# -- Fashion-MNIST -------------------------------------------------------------------------------


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes())


@pytest.fixture
def small_fashion(mirror, monkeypatch):
    contents = (idx(IMAGES[:5]), idx(LABELS[:5]), idx(IMAGES[5:]), idx(LABELS[5:]))
    mirror.files.update(zip(fashion_mnist.MD5, contents, strict=True))
    sums = {name: hashlib.md5(mirror.files[name]).hexdigest() for name in fashion_mnist.MD5}
    monkeypatch.setattr(fashion_mnist, "MD5", sums)
    return mirror


def test_fashion_mnist_is_read_and_cached(small_fashion, cache):
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist.load_data()
        np.testing.assert_array_equal(x_train, IMAGES[:5])
        np.testing.assert_array_equal(y_train, LABELS[:5])
        np.testing.assert_array_equal(x_test, IMAGES[5:])
        np.testing.assert_array_equal(y_test, LABELS[5:])
    assert len(small_fashion.requests) == 4
    x_train += 1  # arrays may be written to
    assert (cache / "datasets" / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").is_file()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"\x00\x00\x0d\x01\x00\x00\x00\x01abcd"), "no IDX file"),  # floats
        (gzip.compress(b""), "no IDX file"),
        (gzip.compress(b"\x00\x00\x08\x01\x00\x00\x00\x05abcd"), "wrong size"),
    ],
    ids=["floats", "empty", "too short"],
)
def test_fashion_mnist_that_is_no_idx_file_is_refused(small_fashion, content, message):
    name = "train-labels-idx1-ubyte.gz"
    small_fashion.files[name] = content
    fashion_mnist.MD5[name] = hashlib.md5(content).hexdigest()
    with pytest.raises(ValueError, match=message):
        fashion_mnist.load_data()


# -- CIFAR-10 ------------------------------------------------------------------------------------


class Python2Pickler(pickle._Pickler):
    """Writes bytes and arrays as Python 2 and its NumPy did, as in the publisher's files."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, obj: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(obj)) + obj)
        self.memoize(obj)

    dispatch[bytes] = save_bytes

    def reducer_override(self, obj):
        if not isinstance(obj, np.ndarray):
            return NotImplemented
        state = (1, obj.shape, obj.dtype, False, obj.tobytes())
        return reconstruct, (np.ndarray, (0,), b"b"), state

    def save_global(self, obj, name=None):
        if obj is reconstruct:
            self.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    dispatch[types.FunctionType] = save_global


def reconstruct(*_):
    raise AssertionError("a stand-in for the name only")


def python2_pickle(obj: object) -> bytes:
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2).dump(obj)
    return stream.getvalue()


PIXELS = np.random.RandomState(1).randint(0, 256, (6, 2, 3072)).astype(np.uint8)


def batch(number: int) -> dict[bytes, object]:
    return {b"data": PIXELS[number], b"labels": [number, 9 - number], b"batch_label": b"some"}


@pytest.fixture
def serve_cifar(mirror, monkeypatch):
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]

    def serve(write=python2_pickle, **replaced: bytes):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for number, name in enumerate(names):
                content = replaced.get(name, write(batch(number)))
                member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        mirror.files[cifar10.FILE] = stream.getvalue()
        monkeypatch.setattr(cifar10, "SHA256", sha256(stream.getvalue()))
        return mirror

    return serve


@pytest.mark.parametrize("write", [python2_pickle, lambda obj: pickle.dumps(obj, 4)], ids=["python 2", "python 3"])
def test_cifar10_is_read_and_cached(serve_cifar, write):
    mirror = serve_cifar(write)
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
        pictures = PIXELS[:5].reshape(10, 3, 32, 32).transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(x_train, pictures)
        np.testing.assert_array_equal(y_train, np.array([[0], [9], [1], [8], [2], [7], [3], [6], [4], [5]]))
        np.testing.assert_array_equal(x_test, PIXELS[5].reshape(2, 3, 32, 32).transpose(0, 2, 3, 1))
        np.testing.assert_array_equal(y_test, np.array([[5], [4]]))
        assert x_train.dtype == y_train.dtype == np.uint8
    assert mirror.requests == [cifar10.FILE]


def test_cifar10_follows_the_image_data_format(serve_cifar):
    serve_cifar()
    config.set_image_data_format("channels_first")
    try:
        (x_train, _), _ = cifar10.load_data()
    finally:
        config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(x_train, PIXELS[:5].reshape(10, 3, 32, 32))


class Evil:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "evil",
    [
        lambda path: Evil(os.mkdir, path),
        lambda path: {b"data": PIXELS[0], b"labels": [Evil(os.mkdir, path)]},
        lambda path: Evil(eval, f"__import__('os').mkdir({path!r})"),
        lambda path: Evil(np.save, path, PIXELS[0]),
        lambda path: np.array([Evil(os.mkdir, path)], dtype=object),
    ],
    ids=["call", "nested", "eval", "numpy function", "object array"],
)
def test_hostile_pickle_is_refused_and_runs_nothing(serve_cifar, tmp_path, evil):
    trap = str(tmp_path / "trap")
    serve_cifar(data_batch_3=pickle.dumps(evil(trap), 4))
    with pytest.raises(ValueError, match="is not allowed"):
        cifar10.load_data()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("trap")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        pickle.dumps([1, 2]),
        pickle.dumps({b"data": PIXELS[0]}),
        pickle.dumps({b"data": PIXELS[0][:, :5], b"labels": [1, 2]}),
        pickle.dumps({b"data": PIXELS[0], b"labels": [1, 2, 3]}),
        pickle.dumps({b"data": PIXELS[0], b"labels": [1, 2]})[:-40],
    ],
    ids=["empty", "garbage", "list", "no labels", "shape", "counts", "cut"],
)
def test_damaged_batch_is_named(serve_cifar, content):
    serve_cifar(data_batch_2=content)
    with pytest.raises(ValueError, match=r"datasets\.cifar10: .*data_batch_2"):
        cifar10.load_data()


# -- digits --------------------------------------------------------------------------------------


def test_digits_are_real_whole_and_split():
    (x_train, y_train), (x_test, y_test) = datasets.digits.load_data()
    assert x_train.shape == (1438, 8, 8)
    assert x_test.shape == (359, 8, 8)
    assert {array.dtype.name for array in (x_train, y_train, x_test, y_test)} == {"uint8"}
    everything = np.concatenate([x_train, x_test])
    assert everything.min() == 0
    assert everything.max() == 16
    assert set(y_train) == set(y_test) == set(range(10))
    # each picture is there once: as many different ones as scikit-learn has
    from sklearn.datasets import load_digits

    assert len(np.unique(everything, axis=0)) == len(np.unique(load_digits().images, axis=0))


def test_digits_seed_decides_the_order():
    (x, _), _ = digits.load_data(seed=1)
    (same, _), _ = digits.load_data(seed=1)
    (other, _), _ = digits.load_data(seed=2)
    np.testing.assert_array_equal(x, same)
    assert not np.array_equal(x, other)


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.5, 898), (1.0, 1797)])
def test_digits_test_split_is_the_share(share, count):
    (x_train, y_train), (x_test, y_test) = digits.load_data(test_split=share)
    assert len(x_test) == len(y_test) == count
    assert len(x_train) == len(y_train) == 1797 - count


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_digits_refuse_a_split_that_is_no_share(share):
    with pytest.raises(ValueError, match="test_split is no share"):
        digits.load_data(test_split=share)


# -- against Keras -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_signature_is_that_of_keras(name):
    import keras

    theirs = inspect.signature(getattr(keras.datasets, name).load_data)
    ours = inspect.signature(getattr(datasets, name).load_data)
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]

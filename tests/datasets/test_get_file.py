"""Downloads: what lands in the cache is whole and right, or nothing lands there."""

import hashlib
import io
import socket
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from kerasfront.utils import get_file

BODY = bytes(range(256)) * 2000  # more than one chunk
SHA256 = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY).hexdigest()


def tar_of(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def plain(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def zip_of(name: str, content: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "checksum",
    [{}, {"file_hash": SHA256}, {"file_hash": SHA256.upper()}, {"md5_hash": MD5}, {"file_hash": MD5}],
    ids=["none", "sha256", "upper case", "md5_hash", "md5 by length"],
)
def test_good_file_arrives_whole_and_alone(server, cache, checksum):
    server.files["a.bin"] = BODY
    path = get_file(origin=f"{server.url}/a.bin", **checksum)
    assert Path(path) == cache / "datasets" / "a.bin"
    assert Path(path).read_bytes() == BODY
    assert files_in(cache) == {"datasets/a.bin"}


def test_second_call_makes_no_request(server, cache):
    server.files["a.bin"] = BODY
    for _ in range(2):
        get_file(origin=f"{server.url}/a.bin", file_hash=SHA256)
    assert server.requests == ["a.bin"]


def test_force_download_asks_again(server, cache):
    server.files["a.bin"] = b"old"
    get_file(origin=f"{server.url}/a.bin")
    server.files["a.bin"] = b"new"
    assert Path(get_file(origin=f"{server.url}/a.bin", force_download=True)).read_bytes() == b"new"


def test_damaged_cached_file_is_fetched_again(server, cache):
    server.files["a.bin"] = BODY
    path = Path(get_file(origin=f"{server.url}/a.bin", file_hash=SHA256))
    path.write_bytes(BODY[:-1])
    assert Path(get_file(origin=f"{server.url}/a.bin", file_hash=SHA256)).read_bytes() == BODY


def test_wrong_checksum_is_refused_and_leaves_nothing(server, cache):
    server.files["a.bin"] = BODY + b"!"
    with pytest.raises(ValueError, match=f"Expected sha256 {SHA256}; got [0-9a-f]{{64}}"):
        get_file(origin=f"{server.url}/a.bin", file_hash=SHA256)
    assert files_in(cache) == set()


def test_failed_renewal_keeps_the_file_that_was_there(server, cache):
    server.files["a.bin"] = BODY
    path = Path(get_file(origin=f"{server.url}/a.bin"))
    server.broken_off.add("a.bin")
    with pytest.raises(ConnectionError):
        get_file(origin=f"{server.url}/a.bin", force_download=True)
    assert path.read_bytes() == BODY
    assert files_in(cache) == {"datasets/a.bin"}


def test_truncated_download_is_refused_even_without_checksum(server, cache):
    server.files["a.bin"] = BODY
    server.broken_off.add("a.bin")
    with pytest.raises(ConnectionError, match=f"broke off. Expected {len(BODY)} bytes .* got {len(BODY) // 2}"):
        get_file(origin=f"{server.url}/a.bin")
    assert files_in(cache) == set()


def test_missing_file_names_the_status(server, cache):
    with pytest.raises(ConnectionError, match="404"):
        get_file(origin=f"{server.url}/a.bin")
    assert files_in(cache) == set()


def test_server_down_says_where_to_put_the_file(cache):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]  # nobody listens there once this is closed
    with pytest.raises(ConnectionError) as caught:
        get_file(origin=f"http://127.0.0.1:{port}/a.bin", file_hash=SHA256)
    assert str(cache / "datasets" / "a.bin") in str(caught.value)
    assert f"http://127.0.0.1:{port}/a.bin" in str(caught.value)


def test_file_put_there_by_hand_is_used(server, cache):
    (cache / "datasets").mkdir(parents=True)
    (cache / "datasets" / "a.bin").write_bytes(BODY)
    get_file(origin=f"{server.url}/a.bin", file_hash=SHA256)
    assert server.requests == []


def test_threads_that_fetch_the_same_archive_all_get_it(server, cache):
    server.files["d.tar.gz"] = tar_of((plain("x.bin"), BODY))
    seen, failures = [], []

    def fetch() -> None:
        try:
            seen.append(Path(get_file(origin=f"{server.url}/d.tar.gz", extract=True), "x.bin").read_bytes())
        except (OSError, ValueError) as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert seen == [BODY] * 6
    assert files_in(cache) == {"datasets/d.tar.gz", "datasets/d_extracted/x.bin"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no origin"),
        ({"origin": "http://127.0.0.1/"}, "no file name"),
        ({"origin": "http://127.0.0.1/a", "hash_algorithm": "crc"}, "unknown hash_algorithm"),
        ({"origin": "http://127.0.0.1/a", "file_hash": "abc"}, "wrong length"),
        ({"origin": "http://127.0.0.1/a", "file_hash": MD5, "hash_algorithm": "sha256"}, "wrong length"),
    ],
)
def test_nonsense_arguments_are_refused(cache, arguments, message):
    with pytest.raises(ValueError, match=message):
        get_file(**arguments)


# -- archives ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fname", "served", "arguments", "folder"),
    [
        (None, "d.tar.gz", {"extract": True}, "d_extracted"),
        (None, "d.tar", {"extract": True}, "d_extracted"),
        (None, "d.zip", {"extract": True}, "d_extracted"),
        ("named", "d.tar.gz", {"extract": True}, "named"),
        ("named", "d.tar.gz", {"untar": True}, "named"),
        ("named", "d.zip", {"extract": True, "archive_format": "zip"}, "named"),
        ("named", "d.zip", {"extract": True, "archive_format": ["tar", "zip"]}, "named"),
    ],
)
def test_archive_is_unpacked_once_where_keras_puts_it(server, cache, fname, served, arguments, folder):
    content = b"hello"
    member = (plain("sub/x.txt"), content)
    server.files["d.tar.gz"], server.files["d.tar"] = tar_of(member), tar_of(member, mode="w")
    server.files["d.zip"] = zip_of("sub/x.txt", "hello")
    for _ in range(2):
        path = Path(get_file(fname, origin=f"{server.url}/{served}", **arguments))
        assert path == cache / "datasets" / folder
        assert (path / "sub" / "x.txt").read_bytes() == content
    assert len(server.requests) == 1


def test_new_archive_replaces_what_the_old_one_held(server, cache):
    server.files["d.tar.gz"] = tar_of((plain("old.txt"), b"1"))
    get_file(origin=f"{server.url}/d.tar.gz", extract=True)
    server.files["d.tar.gz"] = tar_of((plain("new.txt"), b"2"))
    path = get_file(origin=f"{server.url}/d.tar.gz", extract=True, force_download=True)
    assert files_in(Path(path)) == {"new.txt"}


HOSTILE = {
    "parent": plain("../evil.txt"),
    "deep parent": plain("a/../../evil.txt"),
    "absolute": plain("/evil.txt"),
    "backslash": plain("..\\evil.txt"),
    "symbolic link": plain("link", tarfile.SYMTYPE, "/etc"),
    "hard link": plain("link", tarfile.LNKTYPE, "../../evil.txt"),
    "device": plain("device", tarfile.CHRTYPE),
}


@pytest.mark.parametrize("member", HOSTILE.values(), ids=HOSTILE)
def test_hostile_tar_member_is_refused_before_anything_is_written(server, cache, tmp_path, member):
    server.files["d.tar.gz"] = tar_of((plain("fine.txt"), b"fine"), (member, b""))
    with pytest.raises(ValueError, match="not safe to unpack"):
        get_file(origin=f"{server.url}/d.tar.gz", extract=True)
    assert files_in(tmp_path) == {"home/datasets/d.tar.gz"}


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "C:/evil.txt"])
def test_hostile_zip_member_is_refused(server, cache, tmp_path, name):
    server.files["d.zip"] = zip_of(name, "evil")
    with pytest.raises(ValueError, match="not safe to unpack"):
        get_file(origin=f"{server.url}/d.zip", extract=True)
    assert files_in(tmp_path) == {"home/datasets/d.zip"}


@pytest.mark.parametrize(
    ("archive_format", "message"), [("auto", "not an archive"), (None, "not an archive"), ("rar", "unknown archive")]
)
def test_what_cannot_be_unpacked_is_named(server, cache, archive_format, message):
    server.files["d.tar.gz"] = b"no archive at all"
    with pytest.raises(ValueError, match=message):
        get_file(origin=f"{server.url}/d.tar.gz", extract=True, archive_format=archive_format)

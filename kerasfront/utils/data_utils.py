"""Fetching files: one function downloads, checks, caches and unpacks for every data set."""

import hashlib
import http.client
import os
import shutil
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from kerasfront import config

_CHUNK = 1 << 18
_TIMEOUT_SECONDS = 30.0
_ARCHIVE_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz", ".txz", ".tar", ".zip")


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Iterable[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Download a file from a URL unless a good copy lies in the cache already, and return its path.

    A file appears in the cache only when it is complete and its checksum is right, so an interrupted
    download leaves nothing behind and two processes may fetch the same file at once.

    Args:
        fname: Name of the file in the cache, or an absolute path. By default the last part of `origin`.
        origin: URL of the file (http, https or file).
        untar: Old name of `extract`, for tar archives only.
        md5_hash: Old name of `file_hash` for MD5.
        file_hash: Expected checksum as hexadecimal digits. Without one only the length is checked.
        cache_subdir: Folder below the cache folder, or an absolute path.
        hash_algorithm: "auto" (told by the length of `file_hash`), "sha256" or "md5".
        extract: Unpack the archive and return the folder with its content.
        archive_format: "auto", "tar", "zip", None (do not unpack), or several of them to try.
        cache_dir: The cache folder. By default `$KERASFRONT_HOME`, else `~/.kerasfront`.
        force_download: Fetch again even if the cache holds a good copy.

    Returns:
        The path of the file as a string; of the folder with the unpacked content if `extract` or `untar`.

    Raises:
        ValueError: No origin or name, an unknown algorithm or format, a checksum that does not match, an archive
            that is none, or one with members that would land outside their folder.
        ConnectionError: The server cannot be reached, answers with an error or breaks off. The message says where
            to put the file by hand.

    Notes:
        Archives may hold plain files and folders with relative names only: links, devices, absolute names and `..` are
        refused before anything is written. A folder that was unpacked is kept and used again.

    Example:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "numbers.txt").write_text("1 2 3")
        >>> path = get_file(origin=(folder / "numbers.txt").as_uri(), cache_dir=folder / "cache")
        >>> pathlib.Path(path).read_text()
        '1 2 3'
    """
    if origin is None:
        raise ValueError('get_file: no origin. Expected a URL; got None. Pass origin="https://...".')
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    algorithm = _algorithm(file_hash, hash_algorithm)
    folder = (config.home() if cache_dir is None else Path(cache_dir).expanduser()) / cache_subdir
    name = os.fspath(fname) if fname is not None else _name_in(origin)
    unpacks = extract or untar
    file, content = _places(folder, name, unpacks)

    if force_download or not _is_good(file, file_hash, algorithm):
        shutil.rmtree(content, ignore_errors=True)  # what was unpacked belongs to a file that is no longer wanted
        _download(origin, file, file_hash, algorithm)
    if not unpacks:
        return str(file)
    if not content.is_dir():
        _extract(file, content, "tar" if untar else archive_format)
    return str(content)


def _name_in(origin: str) -> str:
    name = PurePosixPath(urllib.parse.unquote(urllib.parse.urlsplit(origin).path)).name
    if not name or name == "..":
        raise ValueError(
            f"get_file: the URL has no file name. Expected a path that ends in one; got origin={origin!r}. Pass fname=."
        )
    return name


def _places(folder: Path, name: str, unpacks: bool) -> tuple[Path, Path]:
    """Return where the file lies and where its content is unpacked, which must differ.

    The names are those that Keras gives: `x.zip` is unpacked to `x_extracted`; a name without an archive's
    ending is the folder, and the archive lies beside it as `<name>_archive`.
    """
    for suffix in _ARCHIVE_SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return folder / name, folder / f"{name.removesuffix(suffix)}_extracted"
    if unpacks:
        return folder / f"{name}_archive", folder / name
    return folder / name, folder / f"{name}_extracted"


def _algorithm(file_hash: str | None, hash_algorithm: str) -> str:
    lengths = {"sha256": 64, "md5": 32}
    if hash_algorithm == "auto":
        hash_algorithm = "md5" if file_hash is not None and len(file_hash) == lengths["md5"] else "sha256"
    if hash_algorithm not in lengths:
        raise ValueError(
            f"get_file: unknown hash_algorithm. Expected 'auto', 'sha256' or 'md5'; got {hash_algorithm!r}. Use 'auto'."
        )
    if file_hash is not None and len(file_hash) != lengths[hash_algorithm]:
        raise ValueError(
            f"get_file: the checksum has the wrong length. Expected {lengths[hash_algorithm]} hexadecimal digits for"
            f" {hash_algorithm}; got {len(file_hash)} in {file_hash!r}. Copy the whole checksum."
        )
    return hash_algorithm


def _new_hash(algorithm: str) -> "hashlib._Hash":
    # The checksum guards against damage, not against an adversary who can choose both files.
    return hashlib.new(algorithm, usedforsecurity=False)


def _is_good(file: Path, file_hash: str | None, algorithm: str) -> bool:
    if not file.is_file():
        return False
    if file_hash is None:
        return True
    digest = _new_hash(algorithm)
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == file_hash.lower()


def _download(origin: str, file: Path, file_hash: str | None, algorithm: str) -> None:
    """Fetch `origin` into a temporary file beside `file`, check it, and only then give it its name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are private to the user (mode 0600), and a cache may be shared.
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}.part")
    try:
        digest = _transfer(origin, partial, file, algorithm)
        if file_hash is not None and digest != file_hash.lower():
            raise ValueError(
                f"get_file: the file from {origin} is not the right one. Expected {algorithm} {file_hash.lower()};"
                f" got {digest}. Try again; if it stays so, the server holds another file: get the right one"
                f" elsewhere and put it at {file}."
            )
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)


def _transfer(origin: str, partial: Path, file: Path, algorithm: str) -> str:
    """Write the body of `origin` to `partial` and return its checksum."""
    print(f"Downloading data from {origin}", file=sys.stderr)
    digest = _new_hash(algorithm)
    received = 0
    try:
        with urllib.request.urlopen(origin, timeout=_TIMEOUT_SECONDS) as response, partial.open("xb") as stream:
            length = response.headers.get("Content-Length")
            while chunk := response.read(_CHUNK):
                stream.write(chunk)
                digest.update(chunk)
                received += len(chunk)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise _fetch_error(origin, file, f"the download failed ({error})", "an answer", type(error).__name__) from error
    if length is not None and received != int(length):  # a sized read() ends silently when the server breaks off
        raise _fetch_error(origin, file, "the download broke off", f"{length} bytes", f"{received}")
    return digest.hexdigest()


def _fetch_error(origin: str, file: Path, wrong: str, expected: str, got: str) -> ConnectionError:
    return ConnectionError(
        f"get_file: {wrong}. Expected {expected} from {origin}; got {got}. Check the network, or download the file"
        f" on another machine and put it at {file}."
    )


def _extract(file: Path, content: Path, archive_format: str | Iterable[str] | None) -> None:
    """Unpack `file` into a temporary folder and give that its name when it is complete."""
    formats = _formats(archive_format)
    partial = content.with_name(f".{content.name}.{uuid.uuid4().hex}.part")
    try:
        if "tar" in formats and tarfile.is_tarfile(file):
            _extract_tar(file, partial)
        elif "zip" in formats and zipfile.is_zipfile(file):
            _extract_zip(file, partial)
        else:
            raise ValueError(
                f"get_file: {file} is not an archive that can be unpacked. Expected one of {formats}; got another kind"
                " of file. Pass extract=False to get the file itself."
            )
        try:
            os.replace(partial, content)
        except OSError:
            if not content.is_dir():  # else another process was faster, with the same content
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _formats(archive_format: str | Iterable[str] | None) -> list[str]:
    if archive_format is None:
        return []
    names = [archive_format] if isinstance(archive_format, str) else list(archive_format)
    formats = ["tar", "zip"] if names == ["auto"] else names
    unknown = sorted(set(formats) - {"tar", "zip"})
    if unknown:
        raise ValueError(
            f"get_file: unknown archive_format. Expected 'auto', 'tar', 'zip' or None; got {unknown}. Use 'auto'."
        )
    return formats


def _check_member(file: Path, name: str, is_plain: bool) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    has_drive = ":" in name.split("/")[0]
    if not is_plain or path.is_absolute() or ".." in path.parts or has_drive:
        raise ValueError(
            f"get_file: {file} holds a member that is not safe to unpack. Expected plain files and folders with"
            f" relative names; got {name!r}. Delete the archive unless you trust it, and then unpack it by hand."
        )


def _extract_tar(file: Path, folder: Path) -> None:
    # The filter came to Python 3.11 with 3.11.4; the check before it holds on older ones too.
    safest = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(file) as archive:
        for member in archive.getmembers():
            _check_member(file, member.name, member.isfile() or member.isdir())
        folder.mkdir()
        archive.extractall(folder, **safest)  # type: ignore[arg-type]


def _extract_zip(file: Path, folder: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            _check_member(file, name, is_plain=True)  # zipfile writes links as plain files
        folder.mkdir()
        archive.extractall(folder)

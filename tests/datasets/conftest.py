"""A local web server for the tests of downloads, and a private cache for each test."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class FileServer:
    """Serves the bytes in `files` by name and remembers what was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    broken_off: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            served.requests.append(name)
            if name not in served.files:
                self.send_error(404)
                return
            body = served.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if name in served.broken_off else body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        served.url = f"http://127.0.0.1:{listener.server_address[1]}"
        try:
            yield served
        finally:
            listener.shutdown()
            thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("KERASFRONT_HOME", str(folder))
    return folder


@pytest.fixture
def mirror(server: FileServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """The server as the mirror of all data sets."""
    monkeypatch.setenv("KERASFRONT_DATASETS_ORIGIN", server.url)
    return server

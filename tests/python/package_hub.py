"""dbt's hub, and the place where the archives lie, as a server of the test's own."""

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml


@dataclass
class Hub:
    """What the server publishes, and what it was asked for."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, pins: Path, packages: Path, **versions: str) -> None:
        """The packages of a packages.yml, from folders; `versions` other than the pinned ones."""
        entries = yaml.safe_load(pins.read_text())["packages"]
        self.files["/api/v1/index.json"] = _json([entry["package"] for entry in entries])
        for entry in entries:
            name = entry["package"].split("/")[1]
            version = versions.get(name, entry["version"])
            archive = f"/{name}-{version}.tar.gz"
            self.files[archive] = packed(packages / name, f"{name}-{version}")
            self.files[f"/api/v1/{entry['package']}.json"] = _json(
                {
                    "name": name,
                    "versions": {
                        version: {
                            "name": name,
                            "version": version,
                            "packages": [],
                            "downloads": {"tarball": f"{self.url.rstrip('/')}{archive}"},
                        }
                    },
                }
            )


def packed(folder: Path, top: str) -> bytes:
    """An archive of a folder under one of the name `top`, as GitHub makes them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(folder, top)
    return buffer.getvalue()


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub on a free port; empty, so it answers 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.asked.append(self.path)
            body = hub.files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub = Hub(f"http://127.0.0.1:{server.server_port}/")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield hub
        server.shutdown()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()

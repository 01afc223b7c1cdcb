"""Debian's Prometheus and Alertmanager on ports of their own, configured as the project's are."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import plain_http
import pytest
import yaml

from ingest.settings import PROJECT_DIR

MONITORING = PROJECT_DIR / "monitoring"
PATIENCE_SECONDS = 60.0


@dataclass
class Receiver:
    """Where a team's webhook would be: keeps what is sent to it."""

    port: int
    messages: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator["Receiver"]:
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                messages.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@dataclass
class Prometheus:
    """A running server, asked by its HTTP interface."""

    port: int

    def get(self, path: str, **parameters: str) -> Any:
        answer = plain_http.get(f"http://127.0.0.1:{self.port}/api/v1/{path}", params=parameters)
        answer.raise_for_status()
        return answer.json()["data"]

    def value(self, expression: str) -> float | None:
        """The one value of an expression, None if it has none."""
        result = self.get("query", query=expression)["result"]
        return float(result[0]["value"][1]) if result else None

    def targets(self) -> dict[str, str]:
        """Health by job."""
        active = self.get("targets")["activeTargets"]
        return {target["labels"]["job"]: target["health"] for target in active}

    def sees(self, *jobs: str) -> None:
        """Wait until these have answered: nobody is told of what never did."""
        assert eventually(lambda: all(self.targets().get(job) == "up" for job in jobs))

    def firing(self) -> list[dict[str, Any]]:
        """Alerts that fire."""
        return [alert for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"]


@contextmanager
def prometheus(
    directory: Path,
    free_port: Callable[[], int],
    targets: dict[str, int],
    alertmanager: int,
    is_patient: bool = True,
) -> Iterator[Prometheus]:
    """Prometheus as the project configures it, but every second and at these ports by job.

    One that is not patient tells at once what lasts for minutes elsewhere.
    """
    config = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text())
    for file in config["rule_files"]:
        rules = (MONITORING / "prometheus" / file).read_text()
        text = rules if is_patient else re.sub(r"\bfor: \d+m", "for: 0s", rules)
        (directory / file).write_text(text)
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"][0]["static_configs"] = _at(alertmanager)
    jobs = [job for job in config["scrape_configs"] if job["job_name"] in targets]
    assert len(jobs) == len(targets)
    config["scrape_configs"] = jobs
    for job in jobs:
        job.pop("scrape_interval", None)
        job["static_configs"] = _at(targets[job["job_name"]])
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        _program("prometheus"),
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running(command, directory / "prometheus.log", port):
        yield Prometheus(port)


@contextmanager
def alertmanager(
    directory: Path, free_port: Callable[[], int], webhook: str
) -> Iterator[tuple[int, Path]]:
    """Alertmanager as the project configures it, but at once; the secret file holds `webhook`.

    Gives its port and its log.
    """
    config = yaml.safe_load((MONITORING / "alertmanager" / "alertmanager.yml").read_text())
    secret = directory / "slack_url"
    secret.write_text(webhook)
    config["global"]["slack_api_url_file"] = str(secret)
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    (directory / "alertmanager.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        _program("prometheus-alertmanager", "alertmanager"),
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    log = directory / "alertmanager.log"
    with _running(command, log, port):
        yield port, log


def eventually(what: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """The first true answer of `what`, or the last one."""
    deadline = time.monotonic() + seconds
    while not (answer := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def _program(*names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.skip(f"needs {names[0]}, a package of Debian")


@contextmanager
def _running(command: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        assert eventually(lambda: process.poll() is not None or _is_ready(port))
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _is_ready(port: int) -> bool:
    try:
        return plain_http.get(f"http://127.0.0.1:{port}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


def _at(port: int) -> list[dict[str, list[str]]]:
    return [{"targets": [f"127.0.0.1:{port}"]}]

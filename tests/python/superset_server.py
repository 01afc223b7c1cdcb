"""One Superset for the whole run, on the warehouse of the demo, started as people start it."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import plain_http
import psycopg
import pytest
from demo_fixtures import Demo

from ingest.postgres import connect
from ingest.settings import PROJECT_DIR

ENVIRONMENT = ".venv-superset/.installed"


@dataclass(frozen=True)
class Superset:
    """A running Superset and how to get in."""

    url: str
    password: str
    demo: Demo
    output: str

    def warehouse(self) -> psycopg.Connection:
        """A connection of the warehouse's owner, to compare with."""
        return connect(self.demo.settings())

    def api(self, user: str = "admin", password: str | None = None) -> "Api":
        """A client of the REST API that is logged in."""
        return Api(self.url, user, password or self.password)


class Api:
    """Superset's REST API as one user. `get` and `post` fail on any status of 400 and above."""

    def __init__(self, url: str, user: str, password: str) -> None:
        login = {"username": user, "password": password, "provider": "db", "refresh": False}
        # a connection for each question: Superset's server closes one that waits, and who asks at
        # that moment gets no answer
        self.client = httpx.Client(
            verify=plain_http.NO_TLS,
            base_url=f"{url}/api/v1",
            timeout=60,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        token = self.post("/security/login", login)["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"
        csrf = self.get("/security/csrf_token/")["result"]
        self.client.headers.update({"X-CSRFToken": csrf, "Referer": url})

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return _json(self.client.get(path, params=params))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _json(self.client.post(path, json=body))

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every dashboard, dataset or database this user may list: Superset gives a hundred."""
        found: list[dict[str, Any]] = self.get(f"/{kind}/", q="(page_size:100)")["result"]
        return found


def _json(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code < 400, f"{response.url}: {response.status_code} {response.text}"
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture(scope="session")
def superset(demo: Demo) -> Iterator[Superset]:
    """Installed from the lock, with every dashboard; skipped where it cannot be installed."""
    installed = subprocess.run(
        ["make", ENVIRONMENT],  # noqa: S607
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode != 0:
        pytest.skip(f"Superset cannot be installed here: {installed.stderr.strip()[-300:]}")
    done = demo.run("dashboards", "serve")
    assert done.returncode == 0, done.stdout + done.stderr
    password = re.search(r"shown only now: (\S+)", done.stdout)
    assert password is not None, done.stdout
    url = f"http://127.0.0.1:{demo.environment['COURSEHOUSE_SUPERSET_PORT']}"
    yield Superset(url, password[1], demo, done.stdout)
    demo.run("dashboards", "stop")

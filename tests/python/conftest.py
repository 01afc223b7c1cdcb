"""One real Postgres for the whole run, and a fresh database for whoever asks."""

import shutil
import socket
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a TCP port nobody listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture(scope="session")
def postgres(free_port: Callable[[], int]) -> Iterator[EmbeddedPostgres]:
    """A running embedded server."""
    # not pytest's tmp_path: its parents are closed to the account that runs the server for root
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-tests-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    yield server
    server.down()
    shutil.rmtree(directory)


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Callable[[], str]:
    """Gives the address of a new empty database (without schemas) at every call."""

    def create() -> str:
        name = f"test_{uuid.uuid4().hex}"
        postgres.create_database(name)
        return postgres.dsn(name)

    return create

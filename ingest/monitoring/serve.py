"""Serving metrics from a process that does something else."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from ingest.errors import UserError
from ingest.processes import LOOPBACK


@contextmanager
def serving(registry: CollectorRegistry, port: int) -> Iterator[None]:
    """Serve `registry` at 127.0.0.1:`port`/metrics. Raises `UserError`."""
    try:
        server, thread = start_http_server(port, LOOPBACK, registry)
    except OSError as error:
        raise UserError(
            f"metrics cannot be served at port {port}: {error.strerror or error}"
            " (choose another with --metrics-port)"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

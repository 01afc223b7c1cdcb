"""For those who run the collector: health, metrics, the description of its interface."""

import asyncio
import logging
import time

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingest.collector.intake import collector_of
from ingest.collector.openapi import document
from ingest.collector.problems import Unavailable
from ingest.collector.sink import Sink
from ingest.errors import UserError

log = logging.getLogger("coursehouse.collector")
REMEMBER_SECONDS = 1.0


class Health:
    """Asks the sink, at most once a second however many ask us."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lock = asyncio.Lock()
        self._until = 0.0
        self._is_well = False

    async def is_well(self) -> bool:
        """True if records can be kept at the moment."""
        async with self._lock:
            if time.monotonic() > self._until:
                self._is_well = await asyncio.to_thread(self._ask)
                self._until = time.monotonic() + REMEMBER_SECONDS
            return self._is_well

    def _ask(self) -> bool:
        try:
            self._sink.check()
        except UserError as error:  # says where the sink is: for the log, not for who asks
            log.error("not healthy: %s", error)
            return False
        return True


async def healthz(request: Request) -> Response:
    """200 if records can be kept, 503 if not."""
    if not await request.app.state.health.is_well():
        raise Unavailable("records cannot be stored at the moment", 5)
    body = orjson.dumps({"status": "ok", "sink": collector_of(request).sink.name})
    return Response(body, media_type="application/json")


async def metrics(request: Request) -> Response:
    """Counters for Prometheus."""
    return Response(
        collector_of(request).metrics.render(),
        media_type="text/plain; version=0.0.4; charset=utf-8",
    )


async def openapi(request: Request) -> Response:
    """This interface as OpenAPI 3.1."""
    settings = collector_of(request).settings
    return Response(orjson.dumps(document(settings)), media_type="application/json")


routes = [
    Route("/healthz", healthz, methods=["GET"]),
    Route("/metrics", metrics, methods=["GET"]),
    Route("/openapi.json", openapi, methods=["GET"]),
]

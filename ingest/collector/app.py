"""The Starlette application: routes, and around them request ids, metrics and the access log."""

import contextlib
import gc
import logging
import secrets
import time
import traceback
from collections.abc import AsyncIterator
from itertools import count

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.collector.edge import device_of
from ingest.collector.intake import Collector
from ingest.collector.problems import Problem
from ingest.collector.routes import moodle, operations, stripe, track
from ingest.garbage import frozen

log = logging.getLogger("coursehouse.collector")
access_log = logging.getLogger("coursehouse.collector.access")


def build_app(collector: Collector) -> Starlette:
    """The application around a collector; its sink runs from start-up to shutdown."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.health = operations.Health(collector.sink)
        device_of("")  # the patterns compile now, not under the first request
        gc.collect()
        with frozen():
            collector.sink.start()
            yield
            collector.sink.stop()

    settings = collector.settings
    middleware = [Middleware(Surround, collector=collector, is_logging=settings.collect_access_log)]
    if settings.collect_cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=[o.strip() for o in settings.collect_cors_origins.split(",")],
            allow_methods=["POST"],
            allow_headers=["authorization", "content-encoding", "content-type", "x-write-key"],
            expose_headers=["retry-after", "x-request-id"],
        )
        middleware.append(cors)
    app = Starlette(
        routes=[*track.routes, *moodle.routes, *stripe.routes, *operations.routes],
        middleware=middleware,
        exception_handlers={Problem: _problem, HTTPException: _http_error},
        lifespan=lifespan,
    )
    app.state.collector = collector
    return app


class Surround:
    """Request id, metrics, one line per request, and errors that name no value."""

    def __init__(self, app: ASGIApp, collector: Collector, is_logging: bool) -> None:
        self._app = app
        self._metrics = collector.metrics
        self._is_logging = is_logging
        self._process, self._numbers = secrets.token_hex(4), count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id = f"{self._process}{next(self._numbers):08x}"
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        self._metrics.in_progress.inc()
        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = 499
        except Exception as error:  # the message may quote what was sent: only the place is told
            place = traceback.extract_tb(error.__traceback__)[-1]
            name = type(error).__name__
            log.error("%s: %s in %s:%d", request_id, name, place.filename, place.lineno)
            if not status:
                answer = Problem(500, "the collector failed; its log knows why").response()
                await answer(scope, receive, send_with_id)
        finally:
            self._metrics.in_progress.dec()
        endpoint = getattr(scope.get("endpoint"), "__name__", "none")
        seconds = time.perf_counter() - started
        self._metrics.requests.labels(endpoint, status).inc()
        self._metrics.request_seconds.labels(endpoint).observe(seconds)
        if self._is_logging:  # neither path nor query: a client writes them
            milliseconds = round(seconds * 1000, 1)
            access_log.info("%s %s %d %s ms", request_id, endpoint, status, milliseconds)


async def _problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101
    return problem.response()


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    answer = Problem(error.status_code, error.detail).response()
    answer.headers.update(error.headers or {})
    return answer

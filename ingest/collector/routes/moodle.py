"""`/webhooks/moodle`: events a Moodle plugin sends as they happen."""

import hmac
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingest.collector.edge import network_of
from ingest.collector.intake import collector_of
from ingest.collector.keys import bearer
from ingest.collector.problems import Problem
from ingest.events.topics import topics

TOPIC = "moodle.webhooks"


async def moodle(request: Request) -> Response:
    """One event or a list; the shared token comes as `Authorization: Bearer`, or in the body,
    where plugins put it that cannot set headers."""
    collector = collector_of(request)
    if collector.settings.collect_moodle_token is None:
        raise Problem(404, "webhooks of Moodle are not switched on")
    expected = collector.settings.collect_moodle_token.get_secret_value()
    with collector.backlog.room() as room:
        token = bearer(request.headers)
        if token:
            _verify(token, expected)
        body = await collector.read_json(request, room)
        in_body = body.pop("token", None) if isinstance(body, dict) else None
        if not token:
            _verify(in_body, expected)
        records = collector.batch(body, room)
        for record in records:
            _minimise(record)
        return await collector.keep((topics()[TOPIC], record) for record in records)


def _verify(token: object, expected: str) -> None:
    sent = token.encode(errors="replace") if isinstance(token, str) else b""
    if not hmac.compare_digest(sent, expected.encode()):
        raise Problem(401, "the token is not the one of COURSEHOUSE_COLLECT_MOODLE_TOKEN")


def _minimise(record: Any) -> None:
    """The learner's address becomes a network, as at our own edge."""
    if isinstance(record, dict) and "ip" in record:
        record["ip"] = network_of(record["ip"]) if isinstance(record["ip"], str) else None


routes = [Route("/webhooks/moodle", moodle, methods=["POST"])]

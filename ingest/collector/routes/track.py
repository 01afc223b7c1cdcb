"""`/v1/track`: what browsers and applications report."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingest.collector.edge import device_of, network_of
from ingest.collector.intake import collector_of
from ingest.collector.problems import Problem
from ingest.events.topics import Topic, topics

# A record of an unknown kind goes where its kind may one day be promised; what says nothing of
# itself goes to clickstream, whose contract then says what is missing.
TRACKER_TOPICS = {"quiz": "quiz", "video": "video"}
OTHERWISE = "clickstream"


async def track(request: Request) -> Response:
    """Records of the student tracker; `event_type` says which topic each belongs to."""
    return await _take(request, None)


async def track_topic(request: Request) -> Response:
    """Records of one public topic."""
    topic = topics().get(request.path_params["topic"])
    if topic is None or not topic.is_public:
        raise Problem(404, "there is no such public topic")
    return await _take(request, topic)


async def _take(request: Request, topic: Topic | None) -> Response:
    collector = collector_of(request)
    client = collector.keys.client_of(request.headers)
    if client is None:
        raise Problem(401, "send a write key as Authorization: Bearer or as X-Write-Key")
    collector.rate_limit.take(client, 1)
    with collector.backlog.room() as room:
        records = collector.batch(await collector.read_json(request, room), room)
        collector.rate_limit.take(client, max(len(records) - 1, 0))
        stamp = _stamp(request, client)
        for record in records:
            if isinstance(record, dict):
                record["collector"] = stamp  # whatever the client may have put there
        return await collector.keep((topic or _topic_of(record), record) for record in records)


def _topic_of(record: Any) -> Topic:
    event_type = record.get("event_type") if isinstance(record, dict) else None
    kind = event_type.partition("_")[0] if isinstance(event_type, str) else ""
    return topics()[TRACKER_TOPICS.get(kind, OTHERWISE)]


def _stamp(request: Request, client: str) -> dict[str, Any]:
    """What the edge adds: no address and no user agent leaves it whole."""
    device = device_of(request.headers.get("user-agent", ""))
    return {
        "received_at": datetime.now(UTC).isoformat(),
        "ip_network": network_of(request.client.host) if request.client else None,
        "device_class": device.device_class,
        "browser": device.browser,
        "os": device.os,
        "client": client,
    }


routes = [
    Route("/v1/track", track, methods=["POST"]),
    Route("/v1/track/{topic}", track_topic, methods=["POST"]),
]

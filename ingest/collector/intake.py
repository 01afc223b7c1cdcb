"""From a parsed body to an answer: check each record, keep all of them, say what was rejected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ingest.collector.body import read_body, read_json
from ingest.collector.keys import Keys
from ingest.collector.limits import RECORD_BYTES, Backlog, RateLimit, Room
from ingest.collector.metrics import Metrics
from ingest.collector.problems import Problem
from ingest.collector.sink import Outgoing, Sink, store
from ingest.events.contracts import contract_of
from ingest.events.topics import Topic
from ingest.settings import Settings
from ingest.stripe.webhooks import Verifier


@dataclass(frozen=True, slots=True)
class Collector:
    """What the routes share: `request.app.state.collector`."""

    settings: Settings
    sink: Sink
    keys: Keys
    rate_limit: RateLimit
    backlog: Backlog
    metrics: Metrics
    stripe: Verifier | None

    @classmethod
    def build(cls, settings: Settings, sink: Sink, keys: Keys) -> "Collector":
        """A collector as the settings describe it. Raises `UserError`."""
        backlog = Backlog(settings.collect_backlog_bytes)
        rate_limit = RateLimit(settings.collect_rate, settings.collect_max_batch)
        metrics, stripe = Metrics(backlog, sink.name), Verifier.of(settings)
        return cls(settings, sink, keys, rate_limit, backlog, metrics, stripe)

    async def read_json(self, request: Request, room: Room) -> Any:
        """The parsed body. `Problem` 400, 408, 413, 415 or 503."""
        return await read_json(request, self.settings.collect_max_body_bytes, room)

    async def read_body(self, request: Request, room: Room) -> bytes:
        """The body as it is. `Problem` 408, 413, 415 or 503."""
        return await read_body(request, self.settings.collect_max_body_bytes, room)

    def batch(self, body: Any, room: Room) -> list[Any]:
        """The records of a body: an object, a list, or {"events": [...]}. `Problem` 413 or 503."""
        is_wrapped = isinstance(body, dict) and isinstance(body.get("events"), list)
        records = body["events"] if is_wrapped and "event_id" not in body else body
        records = records if isinstance(records, list) else [records]
        if len(records) > self.settings.collect_max_batch:
            raise Problem(413, f"a batch may have {self.settings.collect_max_batch} records")
        room.grow(len(records) * RECORD_BYTES)
        return records

    async def keep(self, records: Iterable[tuple[Topic, Any]]) -> Response:
        """202 once every record is kept, 422 with reasons if some are kept as dead letters."""
        received_at = datetime.now(UTC)
        outgoing = [_check(topic, record, received_at) for topic, record in records]
        await self.store(outgoing)
        return _answer(outgoing)

    async def store(self, outgoing: Sequence[Outgoing]) -> None:
        """Come back once all of them are kept. Raises `Unavailable`."""
        if outgoing:
            with self.metrics.storing():
                await store(self.sink, outgoing, self.settings.collect_ack_timeout_seconds)
        for out in outgoing:
            if out.rejection is None:
                self.metrics.accepted.labels(out.topic.topic).inc()
            else:
                self.metrics.rejected.labels(out.topic.topic, out.rejection.error_class).inc()


def collector_of(request: Request) -> Collector:
    """The collector a request has come to."""
    collector: Collector = request.app.state.collector
    return collector


def accepted(count: int) -> Response:
    """202: so many records are kept."""
    return Response(orjson.dumps({"accepted": count}), 202, media_type="application/json")


def _check(topic: Topic, record: Any, received_at: datetime) -> Outgoing:
    """What is kept is checked as it will be read, by the same contract as the loader's."""
    try:
        value = orjson.dumps(record)
    except orjson.JSONEncodeError:
        raise Problem(400, "a record is nested too deeply") from None
    rejection = contract_of(topic.topic).check_parsed(record, value)
    person = record.get(topic.person_field) if rejection is None else None
    key = None if person is None else str(person).encode()  # keeps a person's records in order
    return Outgoing(topic, key, value, received_at, rejection)


def _answer(outgoing: Sequence[Outgoing]) -> Response:
    rejected = [
        {
            "index": index,
            "topic": out.topic.topic,
            "error_class": out.rejection.error_class,
            "reason": out.rejection.reason,
        }
        for index, out in enumerate(outgoing)
        if out.rejection is not None
    ]
    kept = len(outgoing) - len(rejected)
    if not rejected:
        return accepted(kept)
    detail = f"{len(rejected)} of {len(outgoing)} records break their contract, the others are kept"
    return Problem(422, detail, accepted=kept, rejected=rejected).response()

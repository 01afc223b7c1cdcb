"""Simulated records for a collector: batches over `POST /v1/track/<topic>`."""

import time
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import orjson

from ingest.errors import UserError
from ingest.events.contracts import contract_of
from ingest.events.topics import topics
from ingest.simulate.noise import Message
from ingest.simulate.sinks import Sink

BATCH_RECORDS = 500  # the default limit of a collector; far below that of its bytes
TIMEOUT_SECONDS = 60
TRIES = 100
# What can stand in a body by itself: the rest would break the body, or arrive as something else.
CARRIED = {None, "contract", "unstorable"}


def to_collector(url: str, write_key: str) -> Sink:
    """Sends the records of public topics to the collector at `url`, a batch at a time."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"{url} is no address of a collector: write http://host:port")

    def send(messages: Iterable[Message]) -> set[int]:
        left_out = set()
        batches: dict[str, list[bytes]] = {}
        with closing(_Collector(url, write_key)) as collector:
            for number, message in enumerate(messages):
                if not _is_carried(message):
                    left_out.add(number)
                    continue
                batch = batches.setdefault(message.topic, [])
                batch.append(message.value or b"")
                if len(batch) >= BATCH_RECORDS:
                    collector.post(message.topic, batches.pop(message.topic))
            for topic, batch in batches.items():
                collector.post(topic, batch)
        return left_out

    return send


def _is_carried(message: Message) -> bool:
    if not topics()[message.topic].is_public:
        return False
    rejection = contract_of(message.topic).check(message.value)
    return (None if rejection is None else rejection.error_class) in CARRIED


class _Collector:
    """A connection that stays open."""

    def __init__(self, url: str, write_key: str) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._url = url
        self._path = parts.path.rstrip("/")
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        self._headers = {"content-type": "application/json", "x-write-key": write_key}

    def post(self, topic: str, batch: list[bytes]) -> None:
        """Have a batch kept; waits when told to. Raises `UserError` if it is not.

        Nothing is sent twice: whether an unanswered batch was kept is not known.
        """
        body = b"[" + b",".join(batch) + b"]"
        for _ in range(TRIES):
            status, retry_after, answer = self._ask(f"{self._path}/v1/track/{topic}", body)
            if status in (202, 422):  # 422: kept too, some of it as dead letters
                return
            if status not in (429, 503):
                raise UserError(f"the collector at {self._url} answered {_reason(status, answer)}")
            time.sleep(float(retry_after or 1))
        raise UserError(f"the collector at {self._url} is too busy: try a lower --rate")

    def close(self) -> None:
        self._connection.close()

    def _ask(self, path: str, body: bytes) -> tuple[int, str | None, bytes]:
        try:
            self._connection.request("POST", path, body, self._headers)
            response = self._connection.getresponse()
            return response.status, response.headers.get("retry-after"), response.read()
        except (OSError, HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise UserError(f"no answer from the collector at {self._url}: {reason}") from None


def _reason(status: int, answer: bytes) -> str:
    """The problem's own words, if it has any."""
    try:
        detail = orjson.loads(answer).get("detail")
    except (orjson.JSONDecodeError, AttributeError):
        detail = None
    return f"{status}: {detail}" if detail else str(status)

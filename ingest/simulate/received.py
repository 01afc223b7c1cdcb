"""The receiving end, in plain Python: contracts, first copies, misdated events, sessions.

Nothing here knows what the simulator meant to send; it looks at the stream only.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from ingest.events.contracts import contract_of
from ingest.events.topics import topics

TIMEOUT = timedelta(minutes=30)  # a gap of exactly that continues a session
DWELL_CAP_SECONDS = 600
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)


@dataclass(slots=True)
class Tally:
    """Records of a topic, counted."""

    produced: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    events: int = 0  # accepted without duplicates
    misdated: int = 0  # of these


class Seen(NamedTuple):
    """An event that counts: the first copy that arrived, with a believable date."""

    topic: str
    event_id: str
    person: str | None  # moodle:23, app:app-000001, visitor:<session>; None if nobody is named
    at: datetime
    payload: dict[str, Any]


class Session(NamedTuple):
    """A maximal run of one person's events without a longer break."""

    person: str
    start: datetime
    end: datetime
    events: int
    engaged_seconds: int  # gaps in whole seconds, none counts for more than ten minutes


class Received:
    """A stream as a warehouse receives it."""

    def __init__(self, messages: Iterable[tuple[str, bytes | None, datetime]]) -> None:
        """Takes (topic, value, time of arrival) in the order of arrival."""
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.events: list[Seen] = []
        known: set[tuple[str, str]] = set()
        for topic, value, arrived in messages:
            tally = self.tallies[topic]
            tally.produced += 1
            rejection = contract_of(topic).check(value)
            if rejection is not None:
                why = rejection.error_class
                tally.rejected[why] = tally.rejected.get(why, 0) + 1
                continue
            tally.accepted += 1
            event = _seen(topic, orjson.loads(value or b""))
            if (topic, event.event_id) in known:
                tally.duplicates += 1
                continue
            known.add((topic, event.event_id))
            tally.events += 1
            if OLDEST <= event.at <= arrived + AHEAD:
                self.events.append(event)
            else:
                tally.misdated += 1

    def of(self, *names: str) -> Iterator[Seen]:
        """The events of these topics, in the order of arrival."""
        return (event for event in self.events if event.topic in names)


def sessions(events: Iterable[Seen]) -> list[Session]:
    """Sessions of each person by the 30-minute rule, ordered by person and start."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for event in events:
        if event.person is not None:
            moments[event.person].append(event.at)
    return [
        session for person in sorted(moments) for session in _cut(person, sorted(moments[person]))
    ]


def person_of(user: int | str | None, visitor: str | None = None) -> str | None:
    """Who it is, whatever the topic: digits are a Moodle account, other text an app account."""
    if user is None:
        return None if visitor is None else f"visitor:{visitor}"
    return f"moodle:{user}" if str(user).isdecimal() else f"app:{user}"


def text_of(at: datetime) -> str:
    """A time as it stands in the truth: ISO 8601, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _seen(topic: str, payload: dict[str, Any]) -> Seen:
    registered = topics()[topic]
    at = datetime.fromisoformat(payload[registered.time_field])
    visitor = payload.get("session_id") if topic in ("clicks", "cart", "purchase") else None
    person = person_of(payload.get(registered.person_field), visitor)
    return Seen(topic, str(payload["event_id"]), person, at, payload)


def _cut(person: str, moments: list[datetime]) -> Iterator[Session]:
    start = last = moments[0]
    events, engaged = 1, 0
    for at in moments[1:]:
        if at - last > TIMEOUT:
            yield Session(person, start, last, events, engaged)
            start, events, engaged = at, 0, 0
        else:
            engaged += min((at - last) // timedelta(seconds=1), DWELL_CAP_SECONDS)
        events += 1
        last = at
    yield Session(person, start, last, events, engaged)

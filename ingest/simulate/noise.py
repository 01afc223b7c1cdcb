"""What goes wrong on the way: late, repeated, out of order, broken, and told by a wrong clock.

Every fault has dice of its own, so that it hits the same events whatever else is turned on.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from ingest.events.contracts import MAX_RECORD_BYTES
from ingest.events.topics import topics
from ingest.simulate.dice import DAY, HOUR, MINUTE, SECOND, Dice, iso, moment
from ingest.simulate.plan import Plan
from ingest.simulate.site import Event

LATEST = 90 * DAY
CHANGED = 0.1  # of the duplicates
MISDATED = 0.05  # of the skewed
# A clock that was never set, and one set by hand: before 2000 and beyond any arrival.
WRONG_DECADES = (DAY, 3_502_828_800_000)
# An oversized record is a megabyte: a few are enough.
OVERSIZED_EVERY = 50
MAX_OVERSIZED = 5
BROKEN = ("not_json", "not_utf8", "tombstone", "contract", "unstorable")
RANKS = 4  # records an event may cause, with room


class Message(NamedTuple):
    """A record as a topic gets it, a tombstone without `value`; sorts in the order of arrival."""

    at: int  # when it arrives, milliseconds since 1970
    rank: int
    topic: str
    key: bytes
    value: bytes | None

    @property
    def produced_at(self) -> datetime:
        """When it arrives."""
        return moment(self.at)


class Noise:
    """Turns events into the records that arrive."""

    def __init__(self, plan: Plan) -> None:
        self._late, self._late_dice = _chosen(plan, "late", plan.late_share)
        self._twice, self._twice_dice = _chosen(plan, "duplicate", plan.duplicate_share)
        self._moved, self._moved_dice = _chosen(plan, "out of order", plan.out_of_order_share)
        self._broken, self._broken_dice = _chosen(plan, "malformed", plan.malformed_share)
        self._skewed, self._skewed_dice = _chosen(plan, "skew", plan.skew_share)
        self._seed = plan.seed
        self._times = {name: topic.time_field for name, topic in topics().items()}
        self._breaks = 0
        self._oversized = 0

    def arrivals(self, number: int, event: Event) -> Iterator[Message]:
        """The records of an event, given in the order of `number`: 0, 1, 2 ..."""
        at, rank = event.at, number * RANKS
        topic, key, payload = event.topic, event.key, event.payload
        if number in self._skewed:
            payload = self._told(event)
        if number in self._moved:
            at += self._moved_dice.between(SECOND, 30 * MINUTE)
        if number in self._late:
            at += self._late_dice.between(HOUR, LATEST)
        value = orjson.dumps(payload)
        yield Message(at, rank + 1, topic, key, value)
        if number in self._twice:
            dice = self._twice_dice
            if dice.chance(CHANGED):
                value = orjson.dumps(self._changed(topic, payload))
            again = at + (0 if dice.chance(0.3) else dice.about(6 * HOUR))
            yield Message(again, rank + 2, topic, key, value)
        if number in self._broken:
            near = rank + 3 * self._broken_dice.between(0, 1)  # before or after the good one
            yield Message(at, near, topic, key, self._break(topic, payload))

    def _told(self, event: Event) -> dict[str, Any]:
        """The event as a wrong clock dates it: up to 2 hours ahead, or up to a day behind."""
        dice = self._skewed_dice
        if dice.chance(MISDATED):
            at = dice.pick(WRONG_DECADES) + dice.between(0, DAY)
        else:  # a person's clock is always wrong by as much
            own = Dice(f"{self._seed} clock of {event.key!r}")
            at = event.at + own.between(-DAY, 2 * HOUR)
        return {**event.payload, self._times[event.topic]: iso(at)}

    def _changed(self, topic: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Another content under the same id: the first to arrive must win."""
        field = self._times[topic]
        hour = (int(payload[field][11:13]) + 1) % 24
        moved = f"{payload[field][:11]}{hour:02}{payload[field][13:]}"
        return {**payload, field: moved, "resent": True}

    def _break(self, topic: str, payload: dict[str, Any]) -> bytes | None:
        self._breaks += 1
        if self._breaks % OVERSIZED_EVERY == 1 and self._oversized < MAX_OVERSIZED:
            self._oversized += 1
            return orjson.dumps({**payload, "padding": "x" * MAX_RECORD_BYTES})
        broken = BROKEN[self._breaks % len(BROKEN)]
        if broken == "tombstone":
            return None
        if broken == "contract":
            return self._out_of_contract(topic, payload)
        if broken == "unstorable":
            return orjson.dumps({**payload, "note": "a\0b"})
        value = orjson.dumps(payload)
        return value[:-1] if broken == "not_json" else value[:-1] + b',"note":"\xff"}'

    def _out_of_contract(self, topic: str, payload: dict[str, Any]) -> bytes:
        """Each of the usual mistakes: a field is missing, has no zone, or is something else."""
        time = self._times[topic]
        mistakes: tuple[Any, ...] = (
            {name: value for name, value in payload.items() if name != "event_id"},
            {name: value for name, value in payload.items() if name != time},
            {**payload, time: payload[time].rstrip("Z")},
            {**payload, topics()[topic].person_field: {"id": 1}},
            [payload],
        )
        return orjson.dumps(self._broken_dice.pick(mistakes))


def _chosen(plan: Plan, name: str, share: float) -> tuple[frozenset[int], Dice]:
    """The numbers of the events that are hit, and dice for how."""
    dice = Dice(f"{plan.seed} {name}")
    return frozenset(dice.sample(range(plan.events), round(share * plan.events))), dice

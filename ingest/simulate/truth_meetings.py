"""Who met whom for how long, and what proctoring noticed, counted from the stream."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ingest.simulate.received import Received, Seen, text_of


def meetings_truth(received: Received) -> list[dict[str, Any]]:
    """One entry per meeting, in order of id."""
    by_meeting: dict[str, list[Seen]] = defaultdict(list)
    for event in received.of("meeting.events"):
        by_meeting[str(event.payload["meeting_id"])].append(event)
    return [_meeting(name, events) for name, events in sorted(by_meeting.items())]


def _meeting(name: str, events: list[Seen]) -> dict[str, Any]:
    """Times are null where nobody told them; attendance then is null for who did not leave."""
    created, ended = _first(events, "meeting_created"), _first(events, "meeting_ended")
    people = {
        str(event.person) for event in events if event.payload["event_type"] == "participant_joined"
    }
    return {
        "meeting_id": name,
        "created_at": created and text_of(created),
        "ended_at": ended and text_of(ended),
        "unique_participants": len(people),
        "joins": sum(e.payload["event_type"] == "participant_joined" for e in events),
        "attended_seconds": {
            person: _attended([e for e in events if e.person == person], ended)
            for person in sorted(people)
        },
    }


def _attended(events: list[Seen], ended: datetime | None) -> float | None:
    """Seconds from each joining to the next leaving, else to the end of the meeting."""
    total = 0.0
    joined: datetime | None = None
    for event in sorted(events, key=lambda event: event.at):
        kind = event.payload["event_type"]
        if kind == "participant_joined" and joined is None:
            joined = event.at
        elif kind == "participant_left" and joined is not None:
            total += (event.at - joined).total_seconds()
            joined = None
    if joined is None:
        return total
    return None if ended is None else total + max(0.0, (ended - joined).total_seconds())


def _first(events: Iterable[Seen], kind: str) -> datetime | None:
    return min((e.at for e in events if e.payload["event_type"] == kind), default=None)


def proctoring_truth(received: Received) -> dict[str, Any]:
    """Violations, and how many of them stand as what after their last review."""
    outcomes: dict[str, str] = {}
    severities: Counter[int] = Counter()
    for event in sorted(received.of("proctoring.violations"), key=lambda event: event.at):
        properties = event.payload["properties"]
        if event.payload["event_type"] == "violation_reviewed":
            # a review whose violation never arrived decides nothing
            if properties["violation_event_id"] in outcomes:
                outcomes[properties["violation_event_id"]] = properties["reviewed_outcome"]
        else:
            outcomes[event.event_id] = properties["reviewed_outcome"]
            severities[properties["severity"]] += 1
    return {
        "violations": len(outcomes),
        "by_outcome": dict(sorted(Counter(outcomes.values()).items())),
        "by_severity": {str(level): n for level, n in sorted(severities.items())},
    }

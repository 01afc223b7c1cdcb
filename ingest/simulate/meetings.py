"""Meetings: somebody opens one, people come, go and come back; the end is not always told."""

from collections.abc import Iterator
from typing import Any

from ingest.simulate.dice import MINUTE, SECOND, Dice, iso
from ingest.simulate.site import Course, Event, Person

LENGTHS = (20, 30, 45, 60, 90)  # minutes
NO_END = 0.15  # the host's browser crashed
NO_GOODBYE = 0.2  # a participant's did


def meeting(dice: Dice, course: Course, people: list[Person], begin: int) -> Iterator[Event]:
    """One meeting of a course on the day that begins then; the first of `people` opens it."""
    host = people[0]
    started = begin + dice.between(8 * 4, 20 * 4) * 15 * MINUTE  # on the quarter hour
    ended = started + dice.pick(LENGTHS) * MINUTE + dice.between(-120, 300) * SECOND
    about = {
        "meeting_id": f"meeting-{dice.getrandbits(48):012x}",
        "classroom_id": f"classroom-{course.id}",
        "course_id": course.id,
    }
    events = [_event(dice, "meeting_created", started, host, about)]
    for person in people:
        at = started + dice.between(-60, 600) * SECOND  # some come before it is opened
        while at < ended:
            events.append(_event(dice, "participant_joined", at, person, about))
            at += MINUTE + dice.about(40 * MINUTE)
            if at >= ended or dice.chance(NO_GOODBYE):
                break
            events.append(_event(dice, "participant_left", at, person, about))
            if dice.chance(0.6):
                break
            at += 5 * SECOND + dice.about(3 * MINUTE)
    if not dice.chance(NO_END):
        sums = {
            "participant_count": len(people),
            "duration_minutes": round((ended - started) / MINUTE, 2),
        }
        events.append(_event(dice, "meeting_ended", ended, host, about, sums))
    yield from sorted(events, key=lambda event: event.at)


def meeting_size(dice: Dice) -> int:
    """How many come."""
    return 2 + min(dice.about(6), 30)


def _event(
    dice: Dice,
    event_type: str,
    at: int,
    person: Person,
    about: dict[str, Any],
    properties: dict[str, Any] | None = None,
) -> Event:
    payload = {
        "event_id": dice.uuid(),
        "event_type": event_type,
        **about,
        "user_id": person.text,
        "timestamp": iso(at),
    }
    if properties:
        payload["properties"] = properties
    return Event("meeting.events", at, person.key, payload)

"""An assessment of the application: started, submitted, graded; rarely something is noticed."""

from collections.abc import Iterator
from typing import Any

from ingest.simulate.dice import DAY, HOUR, MINUTE, SECOND, iso
from ingest.simulate.site import Event
from ingest.simulate.visits import Visit

MAX_SCORE = 50
VIOLATIONS = ("tab_switch", "second_face", "no_face", "phone_seen", "voice_heard")


def assessment(visit: Visit) -> Iterator[Event]:
    """One attempt. What people decide later (a grade, a review) carries the later time."""
    dice = visit.dice
    name = f"exam-{visit.course.id}-{dice.between(1, 4)}"
    attempt = dice.between(1, 2)
    attempt_id = f"attempt-{dice.getrandbits(48):012x}"
    began = visit.at
    yield _event(visit, name, "assessment_started", began, {"attempt": attempt})
    while dice.chance(0.12):
        visit.at += SECOND + dice.about(3 * MINUTE)
        yield from _violation(visit, name, attempt_id)
    visit.at += 2 * MINUTE + dice.about(12 * MINUTE)
    if dice.chance(0.1):  # never handed in
        return
    lasted = (visit.at - began) / SECOND
    submitted: dict[str, Any] = {"attempt": attempt, "duration_seconds": lasted}
    yield _event(visit, name, "submitted", visit.at, submitted)
    if dice.chance(0.8):
        score = {"attempt": attempt, "score": dice.between(10, MAX_SCORE), "max_score": MAX_SCORE}
        yield _event(visit, name, "graded", visit.at + HOUR + dice.about(DAY), score)


def _event(visit: Visit, name: str, event_type: str, at: int, properties: dict[str, Any]) -> Event:
    payload = {
        "event_id": visit.dice.uuid(),
        "event_type": event_type,
        "assessment_id": name,
        "user_id": visit.person.text,
        "course_id": visit.course.id,
        "timestamp": iso(at),
        "properties": properties,
    }
    return Event("assessment.events", at, visit.person.key, payload)


def _violation(visit: Visit, name: str, attempt_id: str) -> Iterator[Event]:
    """What the tool noticed, pending; two in three are reviewed within days."""
    dice = visit.dice
    about = {"assessment_id": name, "attempt_id": attempt_id, "user_id": visit.person.text}
    seen = {
        "violation_type": dice.pick(VIOLATIONS),
        "severity": dice.between(1, 5),
        "confidence": round(dice.random(), 3),
        "evidence_ref": f"evidence/{dice.token()}",
    }
    found = dice.uuid()
    yield _report(visit.person.key, about, found, "violation_detected", visit.at, seen, "pending")
    if dice.chance(0.67):
        at = visit.at + HOUR + dice.about(DAY)
        decided = {**seen, "violation_event_id": found}  # what the review is about
        outcome = dice.pick(("upheld", "dismissed", "dismissed"))
        yield _report(
            visit.person.key, about, dice.uuid(), "violation_reviewed", at, decided, outcome
        )


def _report(
    key: bytes,
    about: dict[str, Any],
    event_id: str,
    event_type: str,
    at: int,
    properties: dict[str, Any],
    outcome: str,
) -> Event:
    payload = {
        "event_id": event_id,
        "event_type": event_type,
        **about,
        "timestamp": iso(at),
        "properties": {**properties, "reviewed_outcome": outcome},
    }
    return Event("proctoring.violations", at, key, payload)

"""A visit: one learner at one device, and how things are sent from there."""

from typing import Any

from ingest.simulate.dice import MINUTE, SECOND, Dice, iso
from ingest.simulate.site import Course, Event, Person, Section

WINDOW = 5 * MINUTE
EXACTLY_THE_TIMEOUT = 30 * MINUTE  # still the same session
JUST_OVER = 30 * MINUTE + SECOND  # no longer


class Visit:
    """One learner at one device: where the clock stands, and how things are sent from there."""

    def __init__(self, dice: Dice, person: Person, at: int) -> None:
        self.dice = dice
        self.person = person
        self.at = at
        self.course: Course = dice.pick(person.courses)
        self.section: Section = dice.pick(self.course.sections)
        self.session = f"s-{dice.getrandbits(48):012x}"

    @property
    def device_class(self) -> str:
        """The device as the app reports it: a word, not a user agent."""
        device = self.person.device
        if "iPad" in device:
            return "tablet"
        return "mobile" if "Mobile" in device else "desktop"

    def pause(self, mean: int = 45 * SECOND) -> None:
        """Let time pass; now and then to an edge where definitions are put to the test."""
        dice = self.dice
        draw = dice.random()
        if draw < 0.010:
            self.at += EXACTLY_THE_TIMEOUT
        elif draw < 0.020:
            self.at += JUST_OVER
        elif draw < 0.035:
            self.at += WINDOW - self.at % WINDOW  # the first instant of a window
        elif draw < 0.045:
            self.at += 2 * WINDOW - self.at % WINDOW - 1  # the last one
        elif draw > 0.995:
            return  # two things at the same instant
        else:
            self.at += SECOND + dice.about(mean)

    def app(self, event_type: str, properties: dict[str, Any]) -> Event:
        """An event of the application's backend, which knows only text ids."""
        payload = {
            "event_id": self.dice.uuid(),
            "event_type": event_type,
            "user_id": self.person.text,
            "timestamp": iso(self.at),
            "properties": properties,
        }
        return Event("user.events", self.at, self.person.key, payload)

    def tracker(
        self, topic: str, event_type: str, metadata: dict[str, Any], **fields: Any
    ) -> Event:
        """An event of the tracker in the browser."""
        payload = {
            "event_id": self.dice.uuid(),
            "student_id": self.person.id,
            "event_type": event_type,
            "timestamp": iso(self.at),
            "course_id": self.course.id,
            "session_id": self.session,
            **fields,
            "metadata": metadata,
        }
        return Event(topic, self.at, self.person.key, payload)

    def lesson(self, status: str, minutes: float, score: float | None) -> Event:
        """Progress in a lesson of the application: one lesson per section."""
        payload = {
            "event_id": self.dice.uuid(),
            "user_id": self.person.text,
            "subject": self.course.shortname.rstrip("0123456789"),
            "course_id": self.course.id,
            "lesson_id": f"lesson-{self.section.id}",
            "status": status,
            "score": score,
            "time_spent_minutes": minutes,
            "timestamp": iso(self.at),
        }
        return Event("learning.progress", self.at, self.person.key, payload)

"""Who lives in the simulated world: learners of the sample Moodle site, of the app, and strangers.

`site.yml` holds the ids of the sample site, so that events and Moodle's own log meet.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ingest.simulate.dice import Dice

SITE_FILE = Path(__file__).with_name("site.yml")
# Two hours before the sample's last event: what is simulated leaves the site's "now" where it is,
# even by a clock that is ahead.
SAMPLE_END = datetime(2025, 10, 31, tzinfo=UTC)
DEVICES = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1 Version/18.6 Safari/604.1",
)


class Event(NamedTuple):
    """Something that happened, before anything went wrong on its way."""

    topic: str
    at: int  # milliseconds since 1970
    key: bytes
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a course and what there is to do in it, by Moodle's ids."""

    id: int
    pages: tuple[int, ...]
    book_chapters: tuple[int, ...]
    assignments: tuple[int, ...]
    quizzes: tuple[tuple[int, tuple[int, ...]], ...]  # with the questions of each


@dataclass(frozen=True, slots=True)
class Course:
    """A course of the sample site."""

    id: int
    shortname: str
    students: tuple[int, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A learner: `id` is the number of a Moodle account or the text of an app account."""

    id: int | str
    key: bytes
    device: str
    courses: tuple[Course, ...]

    @property
    def text(self) -> str:
        """The id as those senders write it that know only text."""
        return str(self.id)


@cache
def courses() -> tuple[Course, ...]:
    """The courses of the sample site."""
    read: dict[str, Any] = yaml.safe_load(SITE_FILE.read_text(encoding="utf8"))
    return tuple(
        Course(
            course["id"],
            course["shortname"],
            tuple(course["students"]),
            tuple(_section(section) for section in course["sections"]),
        )
        for course in read["courses"]
    )


def people(dice: Dice, at_least: int) -> list[Person]:
    """Every student of the sample site, and app-only learners, a quarter at least of all."""
    accounts = sorted({student for course in courses() for student in course.students})
    learners = [
        _person(dice, account, tuple(course for course in courses() if account in course.students))
        for account in accounts
    ]
    strangers = max(len(accounts) // 3, at_least - len(accounts))
    learners += [
        _person(dice, f"app-{number:06}", tuple(dice.sample(courses(), dice.between(1, 3))))
        for number in range(1, strangers + 1)
    ]
    return learners


def _person(dice: Dice, id_: int | str, of: tuple[Course, ...]) -> Person:
    return Person(id_, str(id_).encode(), dice.pick(DEVICES), of)


def _section(section: dict[str, Any]) -> Section:
    return Section(
        section["id"],
        tuple(section["pages"]),
        tuple(section.get("book_chapters", ())),
        tuple(section.get("assignments", ())),
        tuple((quiz, tuple(questions)) for quiz, questions in section.get("quizzes", {}).items()),
    )

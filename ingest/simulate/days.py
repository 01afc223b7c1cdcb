"""A learner's day: visits made of pages, clicks, videos, quizzes, hand-ins and lessons."""

from collections.abc import Iterator
from typing import Any

from ingest.simulate.assessments import assessment
from ingest.simulate.dice import HOUR, MINUTE, SECOND, Dice
from ingest.simulate.site import Event, Person
from ingest.simulate.videos import watch
from ingest.simulate.visits import EXACTLY_THE_TIMEOUT, JUST_OVER, Visit

STEPS = 12  # things done in a visit, on average
STATUS = (200, 200, 200, 200, 204, 304)
FAILURES = (404, 404, 500)
# what people do next, and how much of it
HABITS = (
    ("page", 0.56),
    ("click", 0.74),
    ("video", 0.80),
    ("quiz", 0.86),
    ("lesson", 0.93),
    ("assignment", 0.97),
    ("assessment", 1.0),
)


def learner_day(dice: Dice, person: Person, begin: int) -> Iterator[Event]:
    """What a learner does on the day that begins then; a late visit runs into the next one."""
    at = begin + int(dice.triangular(5 * HOUR, 24 * HOUR, 19 * HOUR))
    for _ in range(dice.between(1, 3)):
        visit = Visit(dice, person, at)
        yield from _visit(visit)
        draw = dice.random()
        if draw < 0.05:
            at = visit.at + EXACTLY_THE_TIMEOUT
        elif draw < 0.10:
            at = visit.at + JUST_OVER
        else:
            at = visit.at + HOUR + dice.about(3 * HOUR)


def _visit(visit: Visit) -> Iterator[Event]:
    dice = visit.dice
    if dice.chance(0.08):  # looked in and left
        yield from _page(visit)
        return
    announced = dice.chance(0.7)  # not every client says that it came
    began = visit.at
    if announced:
        yield visit.app(
            "session_start", {"session_id": visit.session, "device": visit.device_class}
        )
        visit.pause(2 * SECOND)
    for _ in range(1 + dice.about(STEPS)):
        yield from _step(visit)
        visit.pause()
    if announced and dice.chance(0.6):
        lasted = visit.at - began
        yield visit.app("session_end", {"session_id": visit.session, "duration_ms": lasted})


def _step(visit: Visit) -> Iterator[Event]:
    draw = visit.dice.random()
    habit = next(name for name, up_to in HABITS if draw < up_to)
    if habit == "page":
        if visit.dice.chance(0.3):
            visit.section = visit.dice.pick(visit.course.sections)
        yield from _page(visit)
    elif habit == "click":
        yield _click(visit)
    elif habit == "video":
        yield from watch(visit)
    elif habit == "quiz":
        yield from _quiz(visit)
    elif habit == "lesson":
        yield from _lesson(visit)
    elif habit == "assignment":
        yield from _hand_in(visit)
    else:
        yield from assessment(visit)


def _page(visit: Visit) -> Iterator[Event]:
    """A page: the app reports the request, the tracker how it was read."""
    dice = visit.dice
    if dice.chance(0.5):
        properties: dict[str, Any] = {
            "page": f"/course/{visit.course.id}/section/{visit.section.id}",
            "course_id": visit.course.id,
            "device": visit.device_class,
        }
        if dice.chance(0.6):
            properties["duration_ms"] = dice.between(300, 240_000)
        if dice.chance(0.5):  # sent by the hook that follows every request
            failed = dice.chance(0.06)
            properties["method"] = "GET"
            properties["status_code"] = dice.pick(FAILURES if failed else STATUS)
        if dice.chance(0.05):  # nobody promised these
            properties["experiment"] = {"name": "outline", "arm": dice.pick(("a", "b"))}
        yield visit.app("page_view", properties)
    else:
        section = visit.section
        if section.book_chapters and dice.chance(0.5):
            chapter = f"book_chapter-{dice.pick(section.book_chapters)}"
        else:
            chapter = f"section-{section.id}"
        metadata: dict[str, Any] = {"device": visit.person.device}
        if dice.chance(0.8):
            metadata["scroll_depth"] = dice.pick((0, 12.5, 25, 50, 75, 90, 100))
        if dice.chance(0.7):
            metadata["duration"] = dice.between(1, 400)
        if dice.chance(0.05):
            metadata["connection"] = dice.pick(("4g", "wifi"))
        url = f"/mod/page/view.php?id={dice.pick(section.pages)}"
        yield visit.tracker("clickstream", "page_view", metadata, page_url=url, chapter_id=chapter)


def _click(visit: Visit) -> Event:
    dice = visit.dice
    if dice.chance(0.6):
        page = f"/course/{visit.course.id}/section/{visit.section.id}"
        return visit.app("click", {"page": page, "device": visit.device_class})
    return visit.tracker(
        "clickstream",
        "click",
        {"device": visit.person.device},
        page_url=f"/course/view.php?id={visit.course.id}",
        chapter_id=f"section-{visit.section.id}",
    )


def _quiz(visit: Visit) -> Iterator[Event]:
    """An attempt at a quiz of the course, a question at a time; some are given up."""
    dice = visit.dice
    found = [
        (section, quiz, questions)
        for section in visit.course.sections
        for quiz, questions in section.quizzes
    ]
    visit.section, quiz, questions = dice.pick(found)
    attempt = dice.between(1, 3)
    for question in questions:
        seconds = 5 + dice.about(40)
        visit.at += seconds * SECOND
        correct = dice.chance(0.65)
        metadata: dict[str, Any] = {
            "duration": seconds,
            "selected_option": dice.pick(("a", "b", "c", "d")),
            "is_correct": correct,
            "score": float(correct),
            "max_score": 1.0,
            "attempt": attempt,
            "device": visit.person.device,
        }
        yield visit.tracker(
            "quiz",
            "quiz_attempt",
            metadata,
            chapter_id=f"section-{visit.section.id}",
            quiz_id=quiz,
            question_id=question,
        )
        if dice.chance(0.04):
            return


def _lesson(visit: Visit) -> Iterator[Event]:
    dice = visit.dice
    yield visit.lesson("started", 0, None)
    visit.pause(5 * MINUTE)
    minutes = round(1 + dice.random() * 40, 1)
    if dice.chance(0.75):
        yield visit.lesson("completed", minutes, dice.between(40, 100))
    else:
        yield visit.lesson("in_progress", minutes, None)


def _hand_in(visit: Visit) -> Iterator[Event]:
    dice = visit.dice
    found = [cm for section in visit.course.sections for cm in section.assignments]
    if found:
        yield visit.tracker(
            "clickstream",
            "submit_assignment",
            {"device": visit.person.device},
            page_url=f"/mod/assign/view.php?id={dice.pick(found)}",
        )

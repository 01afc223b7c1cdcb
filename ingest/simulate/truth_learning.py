"""What learners did, counted from the stream: sessions, pages, engagement, videos, questions."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.simulate.received import Received, Seen, sessions, text_of

LEARNING = (
    "user.events",
    "clickstream",
    "quiz",
    "video",
    "assessment.events",
    "learning.progress",
)
WINDOW = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Rows = list[list[Any]]


def learning_truth(received: Received) -> dict[str, Any]:
    """Every figure by the name of the mart that holds it. Days and hours are UTC's."""
    found = sessions(received.of(*LEARNING))
    app = list(received.of("user.events"))
    views = [event for event in app if event.payload["event_type"] == "page_view"]
    return {
        "people": len({session.person for session in found}),
        "events": sum(session.events for session in found),
        "sessions": [
            [s.person, text_of(s.start), text_of(s.end), s.events, s.engaged_seconds] for s in found
        ],
        "page_view_window_5m": _windows(views),
        "page_view_stats": _hours(views),
        "user_session_hourly": _user_hours(app),
        "user_engagement": _engagement(app),
        "videos": _videos(received.of("video")),
        "questions": _questions(received.of("quiz")),
        "daily_active_people": _daily(received.of(*LEARNING)),
    }


def _windows(views: list[Seen]) -> Rows:
    """[window_start, page, views]; a page that failed to load was asked for all the same."""
    counts = Counter(
        (EPOCH + (view.at - EPOCH) // WINDOW * WINDOW, page)
        for view in views
        if (page := _page(view)) is not None
    )
    return [[text_of(start), page, count] for (start, page), count in sorted(counts.items())]


def _hours(views: list[Seen]) -> Rows:
    """[date, hour, page, views]"""
    counts = Counter(
        (_date(view.at), view.at.astimezone(UTC).hour, page)
        for view in views
        if (page := _page(view)) is not None
    )
    return [[*key, count] for key, count in sorted(counts.items())]


def _user_hours(app: list[Seen]) -> Rows:
    """[hour, person, session_start events, mean of the reported duration_ms or null]"""
    starts: Counter[tuple[datetime, str]] = Counter()
    durations: dict[tuple[datetime, str], list[float]] = defaultdict(list)
    for event in app:
        hour = event.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        key = (hour, str(event.person))
        starts[key] += event.payload["event_type"] == "session_start"
        duration = _properties(event).get("duration_ms")
        if duration is not None:
            durations[key].append(duration)
    return [
        [text_of(hour), person, count, _mean(durations[hour, person])]
        for (hour, person), count in sorted(starts.items())
    ]


def _engagement(app: list[Seen]) -> Rows:
    """[person, date, events, unique pages, clicks, score]; failed requests engage nobody."""
    events: Counter[tuple[str, str]] = Counter()
    clicks: Counter[tuple[str, str]] = Counter()
    pages: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in app:
        if _properties(event).get("status_code", 200) >= 400:
            continue
        key = (str(event.person), _date(event.at))
        events[key] += 1
        clicks[key] += event.payload["event_type"] == "click"
        page = _page(event)
        if page is not None:
            pages[key].add(page)
    return [
        [*key, total, len(pages[key]), clicks[key], _score(total, len(pages[key]), clicks[key])]
        for key, total in sorted(events.items())
    ]


def _score(events: int, pages: int, clicks: int) -> float:
    return (3 * events + 4 * pages + 3 * clicks) / 10  # exact up to the last division


def _videos(events: Iterable[Seen]) -> Rows:
    """[person, video, seconds of media seen at least once, length, seconds seen again]"""
    stretches: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    lengths: dict[tuple[str, str], float] = {}
    for event in events:
        metadata = event.payload["metadata"]
        key = (str(event.person), str(event.payload["video_id"]))
        lengths[key] = max(lengths.get(key, 0), metadata["video_length"])
        start, end = metadata.get("watched_from"), metadata.get("watched_to")
        if start is not None and end is not None and start < end:
            stretches[key].append((start, end))
    rows = []
    for key, length in sorted(lengths.items()):
        seen = union_length(stretches[key])
        again = sum(end - start for start, end in stretches[key]) - seen
        rows.append([*key, seen, length, again])
    return rows


def union_length(stretches: list[tuple[float, float]]) -> float:
    """Length of what the stretches cover, overlaps once."""
    covered: float = 0
    reached = float("-inf")
    for start, end in sorted(stretches):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def _questions(events: Iterable[Seen]) -> Rows:
    """[date, quiz, question, answers, correct answers]"""
    answers: Counter[tuple[str, str, str]] = Counter()
    correct: Counter[tuple[str, str, str]] = Counter()
    for event in events:
        payload = event.payload
        key = (_date(event.at), str(payload["quiz_id"]), str(payload["question_id"]))
        answers[key] += 1
        correct[key] += payload["metadata"]["is_correct"] is True
    return [[*key, count, correct[key]] for key, count in sorted(answers.items())]


def _daily(events: Iterable[Seen]) -> Rows:
    """[date, people with any event]"""
    people: dict[str, set[str]] = defaultdict(set)
    for event in events:
        people[_date(event.at)].add(str(event.person))
    return [[day, len(who)] for day, who in sorted(people.items())]


def _properties(event: Seen) -> dict[str, Any]:
    found: dict[str, Any] = event.payload.get("properties", {})
    return found


def _page(event: Seen) -> str | None:
    return _properties(event).get("page")


def _date(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 6) if values else None

"""Watching a video: pings, pauses, jumps and replays, each with the stretch that was seen."""

from collections.abc import Iterator
from typing import Any

from ingest.simulate.dice import MINUTE, SECOND
from ingest.simulate.site import Event
from ingest.simulate.visits import Visit

PING = 15  # seconds of media
SPEEDS = (1.0, 1.0, 1.0, 1.5, 2.0)


def video_length(section: int) -> int:
    """Seconds of the video of a section: always the same, from 2 to 8 minutes."""
    return 120 + section * 37 % 360


def watch(visit: Visit) -> Iterator[Event]:
    """Play the video of the visit's section for a while."""
    dice = visit.dice
    length = video_length(visit.section.id)
    speed = dice.pick(SPEEDS)
    position: float = 0 if dice.chance(0.7) else dice.between(0, length // 2)
    yield _event(visit, "video_play", length)
    for _ in range(1 + dice.about(14)):
        until = min(position + PING, length)
        visit.at += int((until - position) / speed * SECOND)
        if until >= length:
            yield _event(visit, "video_end", length, position, length)
            return
        draw = dice.random()
        if draw < 0.08:
            yield _event(visit, "video_pause", length, position, until)
            visit.pause(2 * MINUTE)
            yield _event(visit, "video_play", length)
        else:
            yield _event(visit, "video_ping", length, position, until)
        if draw > 0.95:  # jump ahead
            until = min(until + dice.between(10, 120), length - 1)
        elif draw > 0.88:  # and see that again
            until = max(0, until - dice.between(5, 90))
        position = until


def _event(
    visit: Visit, event_type: str, length: int, start: float | None = None, end: float | None = None
) -> Event:
    metadata: dict[str, Any] = {"video_length": length, "device": visit.person.device}
    if start is not None:
        metadata["watched_from"] = start
        metadata["watched_to"] = end
    section = visit.section.id
    return visit.tracker(
        "video",
        event_type,
        metadata,
        chapter_id=f"section-{section}",
        video_id=f"video-{section}",
    )

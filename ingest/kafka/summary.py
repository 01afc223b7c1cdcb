"""What a load of events did, for people and for programs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from ingest.events.contracts import Rejection


class Tally:
    """Records that were accepted, and rejected by error class, per topic."""

    def __init__(self) -> None:
        self._accepted: Counter[str] = Counter()
        self._rejected: dict[str, Counter[str]] = {}

    def add(self, topic: str, accepted: int, rejections: Iterable[Rejection] = ()) -> None:
        """Count records of one topic."""
        self._accepted[topic] += accepted
        classes = self._rejected.setdefault(topic, Counter())
        classes.update(rejection.error_class for rejection in rejections)

    def __iadd__(self, other: "Tally") -> "Tally":
        self._accepted += other._accepted
        for topic, classes in other._rejected.items():
            self._rejected.setdefault(topic, Counter()).update(classes)
        return self

    def __iter__(self) -> Iterator[tuple[str, int, Counter[str]]]:
        """Topic, records accepted, and rejected by error class."""
        for topic, classes in self._rejected.items():
            yield topic, self._accepted[topic], classes

    @property
    def accepted(self) -> int:
        """Records in raw tables."""
        return self._accepted.total()

    @property
    def rejected(self) -> Counter[str]:
        """Records among the dead letters by error class."""
        return sum(self._rejected.values(), Counter())

    @property
    def total(self) -> int:
        """Records read."""
        return self.accepted + self.rejected.total()

    def of(self, topic: str) -> dict[str, Any]:
        """`{"accepted": 5, "rejected": {"contract": 1}}` for one topic."""
        return {"accepted": self._accepted[topic], "rejected": dict(self._rejected[topic])}

    def as_json(self) -> dict[str, Any]:
        """The same for all topics together, and for each in `topics`."""
        return {
            "accepted": self.accepted,
            "rejected": dict(sorted(self.rejected.items())),
            "topics": {topic: self.of(topic) for topic in sorted(self._rejected)},
        }

    def lines(self, what: str = "events") -> list[str]:
        """One line per topic that had records, and the sum of `what`."""
        rows = [
            f"{topic}: {_words(self._accepted[topic], self._rejected[topic])}"
            for topic in sorted(self._rejected)
        ]
        return [*rows, f"{what} loaded: {_words(self.accepted, self.rejected)}"]


def _words(accepted: int, rejected: Counter[str]) -> str:
    text = f"{accepted:,} accepted, {rejected.total():,} rejected"
    classes = ", ".join(f"{name} {count:,}" for name, count in sorted(rejected.items()))
    return f"{text} ({classes})" if classes else text

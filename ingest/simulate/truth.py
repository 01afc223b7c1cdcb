"""The truth of a stream: what a warehouse that received it has to show.

Counted in plain Python from the records, without the warehouse's SQL and without asking the
simulator what it meant, so that the two can be held against each other.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ingest.simulate.received import Received, Tally
from ingest.simulate.truth_learning import learning_truth
from ingest.simulate.truth_meetings import meetings_truth, proctoring_truth
from ingest.simulate.truth_shop import shop_truth


def truth_of(messages: Iterable[tuple[str, bytes | None, datetime]]) -> dict[str, Any]:
    """Count (topic, value, time of arrival) given in the order of arrival.

    The same event id may arrive in several lanes: give the whole stream at once.
    """
    received = Received(messages)
    tallies = dict(sorted(received.tallies.items()))
    assessments = Counter(event.payload["event_type"] for event in received.of("assessment.events"))
    return {
        "stream": asdict(_sum(tallies.values())),
        "topics": {topic: asdict(tally) for topic, tally in tallies.items()},
        "learning": learning_truth(received),
        "shop": shop_truth(received),
        "meetings": meetings_truth(received),
        "assessments": dict(sorted(assessments.items())),
        "proctoring": proctoring_truth(received),
    }


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.produced += tally.produced
        total.accepted += tally.accepted
        for why, records in tally.rejected.items():
            total.rejected[why] = total.rejected.get(why, 0) + records
        total.duplicates += tally.duplicates
        total.events += tally.events
        total.misdated += tally.misdated
    return total

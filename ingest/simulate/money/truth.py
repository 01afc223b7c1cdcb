"""What a warehouse has to show of a played account, counted from the simulator's own notes."""

from collections import Counter
from typing import Any

from ingest.simulate.money.play import Played


def account_truth(played: Played) -> dict[str, Any]:
    """Counts of events."""
    return {
        "events": {
            "total": len(played.events),
            "types": dict(sorted(Counter(event["type"] for event in played.events).items())),
        },
    }

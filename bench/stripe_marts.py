"""What do the marts of money cost: to build once, and when a thousand events more have come?

    python bench/stripe_marts.py [--events 25000 100000]

Plays a Stripe account of about so many events over fifteen months, a database of its own for each
size, and holds back the last 3,000 events with the balance transactions of their time. Then:

- the first `dbt build` (models, seeds and snapshots) of the marts of finance and of money and
  learning together, with all they read, and a second one with nothing new
- three increments of 1,000 events, as webhooks and `load stripe` bring them; the sizes take turns,
  so that whoever else uses the machine disturbs them alike; the best of three counts

Seconds are those of the whole process (reading the project included), and what the models took by
dbt's own count: all of them, and those that are incremental. The others are small tables over
months and people that are computed anew and written only where they differ.
Targets: models take at most half the time of the first build in an increment, incremental ones at
most a quarter, and a build without arrivals changes no row of any mart.
"""

import argparse
import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from warehouse import Bench, bench

from ingest.fx.load import load_fx
from ingest.simulate.money.plan import AccountPlan
from ingest.simulate.money.play import Played, play
from ingest.stripe.events import append
from ingest.stripe.kinds import KINDS
from ingest.stripe.store import SOURCE, Found, Store
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts

EVENTS_PER_CUSTOMER = 37
INCREMENT, TURNS = 1_000, 3
MARTS = ("+path:models/marts/finance", "+path:models/marts/cross")
BOOKINGS = KINDS["balance_transactions"]  # no event tells of them


@dataclass
class Cost:
    """Seconds at one size of the account: of whole builds, of their models by dbt's own count."""

    played: Played
    whole: float = 0.0
    second: float = 0.0
    models: float = 0.0
    incremental: float = 0.0
    increments: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def database(self) -> str:
        return f"events_{len(self.played.events)}"

    @property
    def best(self) -> tuple[float, float, float]:
        """Of an increment: the whole build, all models, the incremental ones."""
        whole, models, incremental = zip(*self.increments, strict=True)
        return min(whole), min(models), min(incremental)


def main() -> None:
    """Run the benchmark and print a table; exit code 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, nargs="+", default=[25_000, 100_000])
    sizes: list[int] = parser.parse_args().events
    costs = [Cost(play(AccountPlan(customers=events // EVENTS_PER_CUSTOMER))) for events in sizes]
    with bench() as used:
        used.load_sample()
        load_fx(used.settings("loaded"), is_sample=True)
        for cost in costs:
            _first_builds(used, cost)
        for turn in range(TURNS):
            for cost in costs:
                _increment(used, cost, turn)
    sys.exit(0 if _report(costs) else 1)


def _first_builds(used: Bench, cost: Cost) -> None:
    used.copy_loaded(cost.database)
    held_back = len(cost.played.events) - TURNS * INCREMENT
    _arrive(used, cost, 0, held_back)
    cost.whole = used.build(cost.database, *MARTS)
    cost.models, cost.incremental = _models_took(used, cost)
    cost.second = used.build_again(cost.database, *MARTS)
    print(f"  {held_back:>9,}: first {cost.whole} s, second {cost.second} s", flush=True)


def _increment(used: Bench, cost: Cost, turn: int) -> None:
    first = len(cost.played.events) - (TURNS - turn) * INCREMENT
    _arrive(used, cost, first, first + INCREMENT)
    whole = used.build(cost.database, *MARTS)
    cost.increments.append((whole, *_models_took(used, cost)))
    print(f"  {first:>9,}: {INCREMENT:,} more {cost.increments[-1]} s", flush=True)


def _arrive(used: Bench, cost: Cost, first: int, last: int) -> None:
    """Events number `first` to `last`, and what was booked from the one to the other."""
    events = cost.played.events
    begin = events[first]["created"] if first else 0
    end = events[last]["created"] if last < len(events) else cost.played.plan.end
    fetched_at = datetime.fromtimestamp(end, UTC)
    booked = [
        Found(one, fetched_at)
        for one in cost.played.objects()["objects"][BOOKINGS.object_type]
        if begin <= one["created"] < end
    ]
    now = datetime.now(UTC)
    with used.connect(cost.database) as conn:
        with conn.transaction():
            load_id = next_load_id(conn)
            bodies = [orjson.dumps(event) for event in events[first:last]]
            added = append(conn, "http", bodies, load_id, now)
            record_load(conn, load_id, SOURCE, Counts(inserted=added), now, {"events": {}})
        Store(conn, livemode=True).add(BOOKINGS, booked, now)
        conn.execute("analyze raw_stripe.events, raw_stripe.objects")  # as autovacuum would


def _models_took(used: Bench, cost: Cost) -> tuple[float, float]:
    """Execution time of all models of the last build, and of the incremental ones, by dbt."""
    file = used.directory / cost.database / "run_results.json"
    results = json.loads(file.read_text())["results"]
    models = [one["execution_time"] for one in results if one["unique_id"].startswith("model.")]
    return round(sum(models), 1), used.incremental_seconds(cost.database)


def _report(costs: list[Cost]) -> bool:
    print("\n  events   first build (models, incr.)   second   1,000 more (models, incr.)   share")
    shares = []
    for cost in costs:
        whole, models, incremental = cost.best
        shares.append((models / cost.models, incremental / cost.incremental))
        print(
            f"{len(cost.played.events):>8,} {cost.whole:9.1f} s"
            f" ({cost.models:6.1f}, {cost.incremental:6.1f})"
            f" {cost.second:8.1f} s {whole:8.1f} s ({models:6.1f}, {incremental:6.1f})"
            f" {shares[-1][0]:7.0%}, {shares[-1][1]:.0%}"
        )
    all_models, incremental_ones = shares[-1]
    print(f"\n  models of an increment to the first build: {all_models:.0%} (target 50 %)")
    print(f"  incremental models: {incremental_ones:.0%} (target 25 %)")
    return all_models <= 0.5 and incremental_ones <= 0.25


if __name__ == "__main__":
    main()

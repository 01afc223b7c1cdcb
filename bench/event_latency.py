"""How long after an event was produced can it be seen in a mart?

    python bench/event_latency.py [--seconds 300] [--rate 200]

The simulator produces at a steady rate, `coursehouse load events --follow` loads, and `dbt build`
of the fact of events, the sessions and two engagement marts runs again and again, each in a process
of its own. The latency of a record is the end of the build that shows it less the broker's time
stamp.
Target: 95 % of the records within 60 s.
"""

import argparse
import subprocess
import sys
import time

from warehouse import Bench, bench

from ingest.kafka.broker import EmbeddedBroker
from ingest.processes import free_port

MARTS = ("fact_learning_event", "fact_session", "user_engagement", "page_view_window_5m")
PROGRAM = [sys.executable, "-m", "ingest.cli"]
SEEN = """
    with rows as (
        select _load_id, produced_at from raw_events.clickstream
        union all select _load_id, produced_at from raw_events.user_events
        union all select _load_id, produced_at from raw_events.quiz
        union all select _load_id, produced_at from raw_events.video
    )
    select extract(epoch from clock_timestamp() - produced_at)::float8
    from rows
    where _load_id > %s
        and _load_id <= (select max(_load_id) from marts_learning.fact_learning_event)
"""


def main() -> None:
    """Run the benchmark; exit code 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rate", type=int, default=200)
    given = parser.parse_args()
    with bench() as used:
        used.load_sample()
        used.build("loaded")
        broker = EmbeddedBroker(used.directory / "broker", free_port())
        broker.up()
        try:
            latencies = _follow(used, broker.bootstrap_servers, given.seconds, given.rate)
        finally:
            broker.down()
    ranked = sorted(latencies)
    p50, p95 = (ranked[int(len(ranked) * share)] for share in (0.5, 0.95))
    print(f"\n{len(ranked):,} records at {given.rate} per second for {given.seconds} s")
    print(
        f"  from the broker to the marts: median {p50:.1f} s, 95 % within {p95:.1f} s (target 60)"
    )
    sys.exit(0 if p95 <= 60 else 1)


def _follow(used: Bench, servers: str, seconds: int, rate: int) -> list[float]:
    environment = {
        **used.environment("loaded", is_for_loads=True),
        "COURSEHOUSE_HOME": str(used.directory / "lane"),
        "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS": servers,
    }
    subprocess.run([*PROGRAM, "topics", "apply"], env=environment, check=True)
    play = ["simulate", "--to", "kafka", "--now", f"--rate={rate}", f"--events={rate * seconds}"]
    running = [
        subprocess.Popen([*PROGRAM, *arguments], env=environment)
        for arguments in (["load", "events", "--follow"], play)
    ]
    latencies: list[float] = []
    watermark = 0
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            used.build("loaded", *MARTS)
            with used.connect("loaded") as conn:
                latencies += [row[0] for row in conn.execute(SEEN, [watermark]).fetchall()]
                newest = conn.execute(
                    "select coalesce(max(_load_id), 0) from marts_learning.fact_learning_event"
                ).fetchone()
            watermark = newest[0] if newest else 0
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)
    return latencies


if __name__ == "__main__":
    main()

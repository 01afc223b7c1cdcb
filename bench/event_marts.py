"""Sessions of many events: a full rebuild against a sort, an increment against the history.

    python bench/event_marts.py sessionize [--rows 10000000] [--text-bytes 320]
    python bench/event_marts.py increments [--rows 10000000 20000000 40000000]

`sessionize`: macro `sessionize` over rows of about 400 bytes (person, time, id and a text), by a
sort and by an index on person, time and id, against a scan and a sort of the same rows by the same
key, best of three each. Target: at most 1.5 times.

`increments`: raw clickstream records of 50,000 learners, the same density at every size, through
`fact_learning_event` and `fact_session`: a full build, then three increments of 300,000 events of
which 2 % are up to three days late. The sizes take turns. Targets: the increment costs the same at
every size within 30 %, and at the largest at most 5 % of the full build. Ten million rows need
about 25 GB of disk.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass, field

import psycopg
from warehouse import DBT, Bench, bench

from ingest.settings import PROJECT_DIR

LEARNERS = 50_000
DAY_ROWS = 333_333
INCREMENT = 300_000
MODELS = ("fact_learning_event", "fact_session")
EVENTS = """
    create unlogged table bench_events as
    select
        md5((abs(hashint8(i / 10)) %% %(learners)s)::text) as student_hash,
        i::text as event_id,
        timestamptz '2026-01-01' + i * interval '0.2592 seconds' as ts,
        rpad(md5(i::text), %(text_bytes)s, 'page and properties ') as properties
    from generate_series(1, %(rows)s::bigint) as i
"""
# ten records, nine seconds apart or so, are a visit of one learner to one course
RECORDS = """
    insert into raw_events.clickstream (lane, source_partition, source_offset, key, payload,
        produced_at, _load_id, _loaded_at)
    select 'kafka', i %% 6, i, learner.id, jsonb_build_object(
            'event_id', i::text, 'student_id', learner.id, 'event_type', 'page_view',
            'timestamp', to_char(at.ts at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'page_url', '/course/' || 2 + i / 10 %% 8 || '/section/' || i %% 90,
            'course_id', 2 + i / 10 %% 8,
            'metadata', jsonb_build_object('scroll_depth', i %% 101, 'device', 'desktop')
        ), at.ts, %(load)s, now()
    from generate_series(%(first)s::bigint, %(last)s::bigint) as i
    cross join lateral (
        select (1000 + abs(hashint8(i / 10)) %% %(learners)s)::text as id
    ) as learner
    cross join lateral (
        select timestamptz '2026-01-01' + i * interval '86400 seconds' / %(day_rows)s
            - case when %(late)s and i %% 50 = 0 then i %% 72 else 0 end * interval '1 hour' as ts
    ) as at
"""


@dataclass
class Cost:
    """Seconds of the two models at one size."""

    rows: int
    full: float
    increments: list[float] = field(default_factory=list)


def main() -> None:
    """Run one part; exit code 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("part", choices=("sessionize", "increments"))
    parser.add_argument("--rows", type=int, nargs="+")
    parser.add_argument("--text-bytes", type=int, default=320)
    given = parser.parse_args()
    with bench() as used:
        used.load_sample()
        if given.part == "sessionize":
            is_good = sessionize(used, (given.rows or [10_000_000])[0], given.text_bytes)
        else:
            is_good = increments(used, given.rows or [10_000_000, 20_000_000, 40_000_000])
    sys.exit(0 if is_good else 1)


def sessionize(used: Bench, rows: int, text_bytes: int) -> bool:
    """A full rebuild of sessions as a ratio of scan and sort."""
    query = _compiled(used, "{{ sessionize('bench_events') }}")
    with used.connect("loaded") as conn:
        conn.execute("set work_mem = '512MB'")
        conn.execute(EVENTS, {"rows": rows, "learners": LEARNERS, "text_bytes": text_bytes})
        sort = "select * from bench_events order by student_hash, ts, event_id offset 0"
        conn.execute("create index on bench_events (student_hash, ts, event_id)")
        conn.execute("vacuum analyze bench_events")
        turns = []
        for _ in range(3):
            conn.execute("set enable_indexscan = off")
            sorted_turn = _seconds(conn, sort), _seconds(conn, query)
            conn.execute("reset enable_indexscan")
            turns.append((*sorted_turn, _seconds(conn, query)))
    sorting, by_sort, by_index = (min(column) for column in zip(*turns, strict=True))
    print(f"\n{rows:,} events of {LEARNERS:,} learners, with a text of {text_bytes} bytes each")
    print(f"  scan and sort            {sorting:7.1f} s")
    for way, seconds in (("a sort", by_sort), ("an index", by_index)):
        print(
            f"  sessionize by {way:9s} {seconds:9.1f} s, ratio {seconds / sorting:.2f} (target 1.5)"
        )
    return bool(max(by_sort, by_index) <= 1.5 * sorting)


def increments(used: Bench, sizes: list[int]) -> bool:
    """What 300,000 more events cost, whatever is there already."""
    costs = []
    for rows in sizes:
        used.copy_loaded(_database(rows))
        _arrive(used, rows, 1, rows, load_id=2, late=False)
        used.build(_database(rows), f"+{MODELS[-1]}")
        costs.append(Cost(rows, used.incremental_seconds(_database(rows), MODELS)))
        print(f"  {rows:>11,}: full {costs[-1].full} s", flush=True)
    for turn in range(3):
        for cost in costs:
            first = cost.rows + 1 + turn * INCREMENT
            _arrive(used, cost.rows, first, first + INCREMENT - 1, load_id=3 + turn, late=True)
            used.build(_database(cost.rows), f"+{MODELS[-1]}")
            cost.increments.append(used.incremental_seconds(_database(cost.rows), MODELS))
            print(f"  {cost.rows:>11,}: increment {cost.increments[-1]} s", flush=True)
    print("\n       rows        full   300,000 more   share")
    for cost in costs:
        best = min(cost.increments)
        print(f"{cost.rows:>11,} {cost.full:9.1f} s {best:12.2f} s {best / cost.full:7.1%}")
    best_of: list[float] = [min(cost.increments) for cost in costs]
    growth, share = max(best_of) / min(best_of), best_of[-1] / costs[-1].full
    print(f"\n  dearest to cheapest increment: {growth:.2f} (target 1.30)")
    print(f"  increment to full build at the largest: {share:.1%} (target 5 %)")
    return growth <= 1.3 and share <= 0.05


def _arrive(used: Bench, rows: int, first: int, last: int, load_id: int, late: bool) -> None:
    with used.connect(_database(rows)) as conn:
        conn.execute(
            "create table if not exists raw_events.clickstream_bench"
            " partition of raw_events.clickstream default"
        )
        conn.execute(
            RECORDS,
            {
                "first": first,
                "last": last,
                "load": load_id,
                "late": late,
                "learners": LEARNERS,
                "day_rows": DAY_ROWS,
            },
        )
        conn.execute("analyze raw_events.clickstream")


def _database(rows: int) -> str:
    return f"events_{rows}"


def _compiled(used: Bench, inline: str) -> str:
    """SQL of a piece of Jinja, by dbt."""
    done = subprocess.run(
        [DBT, "--quiet", "compile", "--inline", inline, "--target-path", str(used.directory)],
        cwd=PROJECT_DIR,
        env=used.environment("loaded"),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _seconds(conn: psycopg.Connection, query: str) -> float:
    """Time to compute every row, without sending any."""
    started = time.monotonic()
    conn.execute(f"explain (analyze, timing off, costs off) {query}")
    return time.monotonic() - started


if __name__ == "__main__":
    main()

"""Does a build cost what changed, or what is there?

    python bench/mart_increments.py [--rows 1000000 2000000 4000000] [--tests]

Loads the sample site, adds 2,000 learners and a log of so many rows, 10,000 a day: the site
stays the same, its history grows. For every size, in a database of its own:

- the first `dbt build` of models and snapshots, a second one with nothing new, and with `--tests`
  a third one with all data tests
- an increment: the same build after one more day of 10,000 rows; what its incremental models took
  by dbt's own count, best of three days, on which the sizes take turns: whoever else uses the
  machine disturbs them alike

Targets: an increment costs the same at every size within 30 %, the second build takes under a
third of the first, and it changes no row of any mart. What tests cost is shown beside: most of it
is 1,400 queries, however few rows there are.
"""

import argparse
import sys
from dataclasses import dataclass, field

from warehouse import Bench, bench

DAY_ROWS = 10_000
LEARNERS = 2_000
# learners 1000..2999, each in two of the eight courses
PEOPLE = """
    insert into raw_moodle.mdl_user (id, auth, confirmed, suspended, deleted, username, timezone,
        country, lang, timecreated, _load_id, _loaded_at)
    select 1000 + i, 'manual', 1, 0, 0, 'learner' || i, '99', 'GB', 'en', 1700000000, 1, now()
    from generate_series(0, %(learners)s - 1) as i;
"""
ENROLMENTS = """
    insert into raw_moodle.mdl_user_enrolments (id, status, enrolid, userid, timestart, timeend,
        timecreated, timemodified, _load_id, _loaded_at)
    select 100000 + 2 * i + j, 0, method.id, 1000 + i, 1700000000, 0, 1700000000, 1700000000, 1,
        now()
    from generate_series(0, %(learners)s - 1) as i
    cross join generate_series(0, 1) as j
    inner join raw_moodle.mdl_enrol as method
        on method.enrol = 'manual' and method.courseid = 2 + (i + j) %% 8
"""
# ten events, nine seconds apart, make a visit of one learner to one of his courses
EVENTS = r"""
    insert into raw_moodle.mdl_logstore_standard_log (id, eventname, component, action, target,
        objecttable, objectid, crud, edulevel, contextid, contextlevel, contextinstanceid, userid,
        courseid, anonymous, other, timecreated, origin, ip, _load_id, _loaded_at)
    select 1000000 + i, '\mod_page\event\course_module_viewed', 'mod_page', 'viewed',
        'course_module', 'page', 1, 'r', 2, 1, 70,
        modules.ids[1 + i %% array_length(modules.ids, 1)], 1000 + learner.no, course.id, 0,
        'null', 1700000000 + i * 86400 / %(day_rows)s, 'web', '192.0.2.1', %(load)s, now()
    from generate_series(%(first)s::bigint, %(last)s::bigint) as i
    cross join lateral (
        select abs(hashint8(i / 10)) %% %(learners)s as no
    ) as learner
    cross join lateral (
        select 2 + (learner.no + abs(hashint8(i / 10 + 7)) %% 2) %% 8 as id
    ) as course
    inner join (
        select course, array_agg(id order by id) as ids
        from raw_moodle.mdl_course_modules group by course
    ) as modules on modules.course = course.id
"""


@dataclass
class Cost:
    """Seconds at one size of the log."""

    rows: int
    first: float
    second: float
    tested: float = float("nan")
    increments: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def main() -> None:
    """Run the benchmark and print a table; exit code 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 2_000_000, 4_000_000])
    parser.add_argument("--tests", action="store_true")
    arguments = parser.parse_args()
    sizes: list[int] = arguments.rows
    with bench() as used:
        used.load_sample()
        with used.connect("loaded") as conn:
            conn.execute(PEOPLE, {"learners": LEARNERS})
            conn.execute(ENROLMENTS, {"learners": LEARNERS})
        costs = [_first_builds(used, rows, arguments.tests) for rows in sizes]
        for day in range(3):
            for cost in costs:
                _increment(used, cost, day)
    sys.exit(0 if _report(costs) else 1)


def _first_builds(used: Bench, rows: int, tests: bool) -> Cost:
    name = _database(rows)
    used.copy_loaded(name)
    _arrive(used, name, 1, rows, load_id=2)
    first = used.build(name)
    second = used.build_again(name)
    cost = Cost(rows, first, second)
    if tests:
        cost.tested = used.build(name, is_tested=True)
    print(f"  {rows:>11,}: first {first} s, second {second} s", flush=True)
    return cost


def _increment(used: Bench, cost: Cost, day: int) -> None:
    name = _database(cost.rows)
    last = cost.rows + (day + 1) * DAY_ROWS
    _arrive(used, name, last - DAY_ROWS + 1, last, load_id=3 + day)
    cost.whole.append(used.build(name))
    cost.increments.append(used.incremental_seconds(name))
    print(f"  {cost.rows:>11,}: day {day + 1} {cost.increments[-1]} s", flush=True)


def _database(rows: int) -> str:
    return f"rows_{rows}"


def _arrive(used: Bench, name: str, first: int, last: int, load_id: int) -> None:
    with used.connect(name) as conn:
        conn.execute(
            EVENTS,
            {
                "first": first,
                "last": last,
                "load": load_id,
                "learners": LEARNERS,
                "day_rows": DAY_ROWS,
            },
        )
        # as the loader does
        conn.execute("analyze raw_moodle.mdl_logstore_standard_log")


def _report(costs: list[Cost]) -> bool:
    print("\n       rows   first build   second   share   with tests   10,000 rows more   whole")
    for cost in costs:
        print(
            f"{cost.rows:>11,} {cost.first:11.1f} s {cost.second:6.1f} s"
            f" {cost.second / cost.first:6.0%} {cost.tested:10.1f} s"
            f" {min(cost.increments):16.2f} s {min(cost.whole):5.1f} s"
        )
    increments = [min(cost.increments) for cost in costs]
    growth = max(increments) / min(increments)
    share = max(cost.second / cost.first for cost in costs)
    print(f"\n  increment, dearest to cheapest: {growth:.2f} (target 1.30)")
    print(f"  second build to first, at worst: {share:.0%} (target 33 %)")
    return growth <= 1.3 and share < 1 / 3


if __name__ == "__main__":
    main()

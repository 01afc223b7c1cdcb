"""Ways a loaded sample breaks, as sources and people break it, and who has to notice."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

import psycopg
from event_streams import load_messages

from ingest.simulate.plan import Plan
from ingest.simulate.world import simulate

FRESHNESS = "source freshness"

# Anomalies are about the last days, and the sample ended long ago: whole days are added to the
# times of what tests look at, so that its last full day was yesterday.
_DAYS: LiteralString = """(
    select 86400 * (current_date - to_timestamp(max(timecreated))::date)
    from raw_moodle.mdl_logstore_standard_log)"""
_MOVED: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("mdl_user_enrolments", "timecreated"),
    ("mdl_quiz_attempts", "timestart"),
    ("mdl_quiz_attempts", "timefinish"),
    ("mdl_forum_posts", "created"),
    ("mdl_course_modules_completion", "timemodified"),
    ("mdl_logstore_standard_log", "timecreated"),
)


@dataclass(frozen=True)
class Break:
    """One way to break the sample in SQL, what it is in reality, and all the tests that fail."""

    name: str
    reality: str
    caught_by: tuple[str, ...]
    statements: tuple[LiteralString, ...]


BREAKS = (
    Break(
        "drop a day",
        "a restore, or a load that skipped: a day of the log is gone",
        ("days_of_the_log_hold_what_the_site_remembers", "the_log_has_events_every_day"),
        (
            """delete from raw_moodle.mdl_logstore_standard_log
            where to_timestamp(timecreated)::date = current_date - 10""",
        ),
    ),
    Break(
        "duplicate rows",
        "attempts were imported again and got new ids",
        ("attempts_of_a_person_have_different_numbers",),
        (
            """insert into raw_moodle.mdl_quiz_attempts
            select (a).* from (
                select jsonb_populate_record(r, jsonb_build_object('id', id + 1000000)) as a
                from raw_moodle.mdl_quiz_attempts as r where id % 8 = 0) as copies""",
        ),
    ),
    Break(
        "import the log again",
        "a site was merged with its own backup: half of the log is there twice",
        ("log_rows_are_not_delivered_twice",),
        (
            """insert into raw_moodle.mdl_logstore_standard_log
            select (a).* from (
                select jsonb_populate_record(r, jsonb_build_object('id', id + 1000000)) as a
                from raw_moodle.mdl_logstore_standard_log as r
                where to_timestamp(timecreated)::date < current_date - 5 and id % 2 = 0
            ) as copies""",
        ),
    ),
    Break(
        "change a type",
        "an upgrade of Moodle stores grades as text",
        ("grades_are_exact_numbers", "grades_keep_their_columns"),
        (
            "alter table raw_moodle.mdl_grade_grades rename to grades_before",
            "create table raw_moodle.mdl_grade_grades as table raw_moodle.grades_before",
            "alter table raw_moodle.mdl_grade_grades alter finalgrade type text",
        ),
    ),
    Break(
        "null a key",
        "an export lost who is enrolled",
        ("every_enrolment_names_its_account",),
        (
            """update raw_moodle.mdl_user_enrolments set userid = null
            where id in (select min(id) from raw_moodle.mdl_user_enrolments group by enrolid)""",
        ),
    ),
    Break(
        "shift time zones",
        "the log was dumped as local time, two hours off",
        ("the_log_and_the_tables_share_a_clock",),
        ("update raw_moodle.mdl_logstore_standard_log set timecreated = timecreated - 7200",),
    ),
    Break(
        "future dates",
        "a server's clock was ten years ahead",
        ("attempts_have_happened", "events_of_the_log_have_happened"),
        (
            """update raw_moodle.mdl_quiz_attempts
            set timestart = timestart + 315360000, timefinish = timefinish + 315360000
            where id % 40 = 0 and timefinish > 0""",
            """update raw_moodle.mdl_logstore_standard_log
            set timecreated = timecreated + 315360000 where id % 500 = 0""",
        ),
    ),
    Break(
        "negative money",
        "refunds are sent as orders below 0",
        ("orders_do_not_cost_less_than_nothing",),
        (
            """update raw_events.purchase set payload = payload || jsonb_build_object(
                'total_amount', -(payload ->> 'total_amount')::numeric)
            where source_offset % 3 = 0""",
        ),
    ),
    Break(
        "orphan enrolments",
        "a course was removed by hand in the database",
        ("every_enrolment_has_its_method",),
        ("delete from raw_moodle.mdl_enrol where courseid = 4",),
    ),
    Break(
        "10x volume",
        "a crawler reads the site in somebody's name",
        ("the_app_and_the_web_are_used_as_usual", "the_log_grows_as_usual"),
        (
            """insert into raw_moodle.mdl_logstore_standard_log
            select (a).* from (
                select jsonb_populate_record(r, jsonb_build_object(
                    'id', id + copy * 1000000, 'contextid', copy * 1000000 + id)) as a
                from raw_moodle.mdl_logstore_standard_log as r, generate_series(1, 9) as copy
                where to_timestamp(timecreated)::date = current_date - 1) as copies""",
        ),
    ),
    Break(
        "stale source",
        "the schedule stands still, nothing was loaded for three days",
        (f"{FRESHNESS}: moodle",),
        (
            """update ops.load_manifest set completed_at = completed_at - interval '3 days'
            where source = 'moodle'""",
        ),
    ),
    Break(
        "an empty read",
        "the reader lost a grant: most enrolments look deleted",
        ("no_load_empties_the_enrolments",),
        (
            """update raw_moodle.mdl_user_enrolments set _deleted_at = now(), _load_id = (
                select max(load_id) from ops.load_manifest where source = 'moodle')
            where id % 3 > 0""",
        ),
    ),
    Break(
        "a partition hangs",
        "one of several consumers stopped two days ago",
        ("all_partitions_of_a_topic_move",),
        (
            """update raw_events.user_events set produced_at = produced_at - interval '2 days'
            where source_partition = 1""",
        ),
    ),
    Break(
        "a decimal slips",
        "a restated exchange rate is a hundred times too large",
        ("exchange_rates_do_not_jump",),
        ("update raw_ref.fx_rates set units_per_eur = 110 where rate_date = current_date - 1",),
    ),
)


def make_recent(conn: psycopg.Connection) -> None:
    """Move the sample to the last two months, and add five weeks of events and a few rates."""
    conn.execute("set time zone 'UTC'")
    for table, column in _MOVED:  # the log comes last: the others are moved by its end
        conn.execute(
            f"update raw_moodle.{table} set {column} = {column} + {_DAYS} where {column} > 0"
        )
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    load_messages(conn, simulate(Plan(seed=3, events=6_000, days=35, until=today)))
    for table in ("user_events", "clickstream", "video"):
        conn.execute(f"update raw_events.{table} set source_partition = source_offset % 3")
    conn.execute(
        """insert into raw_ref.fx_rates
        select 'ecb', 'USD', current_date - day, 1.1, now(), max(load_id), now()
        from ops.load_manifest, generate_series(1, 3) as day group by day"""
    )


def as_table(severities: dict[str, str]) -> str:
    """The breaks as a table of Markdown; `severities` of the tests by name."""
    lines = ["| break | what it is in reality | caught by | severity |", "|---|---|---|---|"]
    for one in BREAKS:
        names = "<br>".join(f"`{name}`" for name in one.caught_by)
        levels = "<br>".join(severities[name] for name in one.caught_by)
        lines.append(f"| {one.name} | {one.reality} | {names} | {levels} |")
    return "\n".join(lines)

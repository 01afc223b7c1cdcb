"""The warehouse agrees with the truth file Moodle's own database was counted for.

`sample/moodle/moodle_small_truth.json` was computed on the source, by other SQL than ours. Every
figure of it that the loaded tables can answer is held here, for the site loaded from Postgres and
for its copy loaded from MariaDB.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from warehouse_fixtures import Warehouse

from ingest.moodle.spec import read_spec
from ingest.settings import PROJECT_DIR

TRUTH = json.loads(
    (PROJECT_DIR / "sample" / "moodle" / "moodle_small_truth.json").read_text(), parse_float=Decimal
)

# figure of the truth file -> what the warehouse says
SINGLE: dict[str, LiteralString] = {
    "as_of": """
        select extract(epoch from as_of)::bigint from marts_learning.site_summary""",
    "users.not_deleted": """
        select count(*) from staging.stg_moodle__user where not is_deleted_in_moodle""",
    "users.active_real": """
        select count(*) from marts_learning.dim_learner
        where is_current and is_confirmed and not is_deleted and not is_suspended""",
    "users.deleted": """
        select count(*) from marts_learning.dim_learner where is_current and is_deleted""",
    "users.suspended_not_deleted": """
        select count(*) from marts_learning.dim_learner
        where is_current and is_suspended and not is_deleted""",
    "users.never_accessed_not_deleted": """
        select count(*) from staging.stg_moodle__user
        where not is_deleted_in_moodle and last_access_at is null""",
    "users.unconfirmed": """
        select count(*) from marts_learning.dim_learner
        where is_current and not is_confirmed and not is_deleted""",
    "enrolments.user_enrolments": "select count(*) from marts_learning.fact_enrollment",
    "enrolments.active_as_of": """
        select count(*) from marts_learning.fact_enrollment where status = 'active'""",
    "enrolments.distinct_user_course": """
        select count(distinct (student_hash, course_id)) from marts_learning.fact_enrollment""",
    "sessions_web_ws_no_guest.total_sessions": "select count(*) from marts_learning.fact_session",
    "sessions_web_ws_no_guest.users": """
        select count(distinct student_hash) from marts_learning.fact_session""",
    "sessions_web_ws_no_guest.total_duration_s": """
        select sum(session_duration_seconds) from marts_learning.fact_session""",
    "sessions_web_ws_no_guest.mean_duration_s": """
        select round(avg(session_duration_seconds), 6) from marts_learning.fact_session""",
    "sessions_web_ws_no_guest.median_duration_s": """
        select median_session_seconds from marts_learning.site_summary""",
    "sessions_web_ws_no_guest.single_event_sessions": """
        select count(*) from marts_learning.fact_session where is_bounce""",
    "sessions_web_ws_no_guest.max_events_in_session": """
        select max(events_count) from marts_learning.fact_session""",
    "sessions_web_ws_no_guest.max_duration_s": """
        select max(session_duration_seconds) from marts_learning.fact_session""",
    "grades.overridden": """
        select count(*) from marts_learning.fact_grade where is_current and is_overridden""",
    "grades.excluded": """
        select count(*) from marts_learning.fact_grade where is_current and is_excluded""",
    "grades.hidden": """
        select count(*) from marts_learning.fact_grade where is_current and is_hidden""",
    "grades.sum_finalgrade": """
        select sum(final_grade) from marts_learning.fact_grade where is_current""",
    "log.rows": "select count(*) from marts_learning.fact_learning_event",
    "log.min_max_id": """
        select array[min(log_id), max(log_id)] from staging.stg_moodle__logstore_standard_log""",
    "log.min_max_timecreated": """
        select array[extract(epoch from min(ts))::bigint, extract(epoch from max(ts))::bigint]
        from marts_learning.fact_learning_event""",
    "log.anonymous": """
        select count(*) from marts_learning.fact_learning_event where is_anonymous""",
    "log.realuserid_not_null": """
        select count(*) from marts_learning.fact_learning_event where is_login_as""",
    "log.userid_0": """
        select count(*) from staging.stg_moodle__logstore_standard_log where user_id = 0""",
    "log.userid_1_guest": """
        select count(*) from staging.stg_moodle__logstore_standard_log where user_id = 1""",
    "log.ip_null": """
        select count(*) from staging.stg_moodle__logstore_standard_log
        where ip_network is null""",
    "log.courseid_missing_course": """
        select count(*) from marts_learning.fact_learning_event as e
        join marts_learning.dim_course as c using (course_id)
        where c.is_current and not c.is_known""",
    "log.of_deleted_users": """
        select count(*) from marts_learning.fact_learning_event as e
        join marts_learning.dim_learner as l using (student_hash)
        where l.is_current and l.is_deleted""",
    "log.module_context_missing": """
        select count(*) from marts_learning.fact_learning_event as e
        join marts_learning.dim_activity as a using (activity_id)
        where a.is_current and not a.is_known""",
    "log.timecreated_below_an_earlier_id": """
        select count(*) from (
            select occurred_at, max(occurred_at) over (
                order by log_id rows between unbounded preceding and 1 preceding
            ) as latest_before
            from staging.stg_moodle__logstore_standard_log
        ) as ordered where occurred_at < latest_before""",
    "log.other_json": """
        select count(*) from raw_moodle.mdl_logstore_standard_log
        where other = 'null' or other like '{%' or other like '[%'""",
    "log.other_php_serialized": """
        select count(*) from raw_moodle.mdl_logstore_standard_log
        where other ~ '^(N;$|[asib]:)'""",
    "log.other_sql_null": """
        select count(*) from raw_moodle.mdl_logstore_standard_log where other is null""",
    "log.other_max_chars": "select max(length(other)) from raw_moodle.mdl_logstore_standard_log",
}
SEVERAL: dict[str, LiteralString] = {
    "enrolments.by_method_status": """
        select m.method_name, e.status_code, count(*) from staging.stg_moodle__user_enrolments as e
        join staging.stg_moodle__enrol as m using (enrolment_method_id)
        group by 1, 2 order by 1, 2""",
    "enrolments.per_course": """
        select course_id, count(*), count(distinct student_hash)
        from marts_learning.fact_enrollment group by 1 order by 1""",
    "student_role_assignments_per_course": """
        select course_id, count(distinct student_hash) from marts_learning.fact_enrollment
        where is_student group by 1 order by 1""",
    "sessions_web_ws_no_guest.per_user": """
        select p.source_user_id::int, count(*) from marts_learning.fact_session as s
        join vault.pseudonyms as p using (student_hash) group by 1 order by 1""",
    "course_completions": """
        select course_id, count(*), count(*) filter (where completion_flag)
        from marts_learning.fact_course_completion
        where has_completion_row and not is_deleted group by 1 order by 1""",
    # the guest account completes things too, and is nobody
    "activity_completion_by_state": """
        select code, sum(records) from (
            select completion_state_code as code, count(*) as records
            from marts_learning.fact_activity_completion
            where completion_state_code is not null and not is_deleted group by 1
            union all
            select completion_state_code, count(*)
            from staging.stg_moodle__course_modules_completion where user_id = 1 group by 1
        ) as counted group by 1 order by 1""",
    "final_grade_per_course": """
        select course_id, count(*), count(final_grade), round(avg(final_grade), 5),
            round(avg(grade_pct), 5)
        from marts_learning.fact_grade where is_course_total and is_current
        group by 1 order by 1""",
    "grades.history_by_action": """
        select array_position(array['insert', 'update', 'delete'], change_type), count(*)
        from marts_learning.fact_grade where change_type <> 'current' group by 1 order by 1""",
    "quiz_attempts": """
        select course_id, quiz_id, is_preview::int, state, count(*), count(sum_marks),
            round(avg(sum_marks), 5)
        from marts_learning.fact_quiz_attempt where not is_deleted
        group by 1, 2, 3, 4 order by 1, 2, 3, 4""",
    # what a team handed in stands beside what its members did
    "assign_submissions": """
        select status, latest, count(*) from (
            select status, is_latest::int as latest
            from marts_learning.fact_assignment_submission where not is_deleted
            union all
            select submission_status, is_latest::int
            from staging.stg_moodle__assign_submission where user_id = 0
        ) as counted group by 1, 2 order by 1, 2""",
    "forum": """
        select count(distinct discussion_id), count(*), count(distinct student_hash)
        from marts_learning.fact_forum_post where not is_deleted""",
    "log.by_origin": """
        select coalesce(origin, '(null)'), count(*) from marts_learning.fact_learning_event
        group by 1 order by 1""",
}
CHECKSUMS: LiteralString = """
    select sum(id), sum(userid), sum(timecreated), sum(length(other)), sum(courseid)
    from raw_moodle.mdl_logstore_standard_log"""
DAU: LiteralString = """
    select
        (select count(distinct user_id) from staging.stg_moodle__logstore_standard_log
            where user_id > 0 and (occurred_at at time zone 'UTC')::date = %(day)s),
        (select dau from marts_learning.fact_daily_active_users
            where segment = 'any event' and date = %(day)s),
        (select count(distinct student_hash) from marts_learning.fact_learning_event
            where (ts at time zone 'Europe/London')::date = %(day)s)"""
# The truth's widest rule: everybody but the anonymous visitor, every origin.
ALL_SESSIONS = """
    select
        user_id, session_id, count(*) as events,
        extract(epoch from max(ts) - min(ts))::int as seconds
    from ({{ sessionize("events", learner="user_id") }}) as runs group by user_id, session_id
"""
# held by tests of their own
APART = {"row_counts", "version", "sessions", "dau", "log.checksums", "log.events"}
# not figures of the site
ABOUT_THE_FILE = {
    "dataset", "generated_by", "engines", "tables_total", "engine_differences", "how"
}  # fmt: skip


@pytest.fixture(scope="module", params=["warehouse", "mariadb_warehouse"])
def site(request: pytest.FixtureRequest) -> Warehouse:
    """The sample site from Postgres and from MariaDB."""
    built: Warehouse = request.getfixturevalue(request.param)
    return built


@pytest.fixture(scope="module")
def conn(site: Warehouse) -> Iterator[psycopg.Connection]:
    with site.connect() as connection:
        yield connection


@pytest.mark.parametrize("figure", SINGLE)
def test_a_figure_agrees(conn: psycopg.Connection, figure: str) -> None:
    row = conn.execute(SINGLE[figure]).fetchone()
    assert row is not None
    assert row[0] == _truth(figure)


@pytest.mark.parametrize("figure", SEVERAL)
def test_a_table_of_figures_agrees(conn: psycopg.Connection, figure: str) -> None:
    assert [list(row) for row in conn.execute(SEVERAL[figure]).fetchall()] == _truth(figure)


def test_every_loaded_table_has_as_many_rows(conn: psycopg.Connection) -> None:
    filtered = {f"mdl_{name}" for name, spec in read_spec().items() if spec.only}
    expected = {
        table: TRUTH["row_counts"].get(table, 0)
        for table in (f"mdl_{name}" for name in read_spec())
        if table not in filtered
    }
    found = {}
    for table in expected:
        query = sql.SQL("select count(*) from {}").format(sql.Identifier("raw_moodle", table))
        row = conn.execute(query).fetchone()
        found[table] = row[0] if row else None
    assert found == expected


def test_the_log_has_the_same_checksums(conn: psycopg.Connection) -> None:
    assert conn.execute(CHECKSUMS).fetchone() == tuple(TRUTH["log"]["checksums"].values())


def test_every_event_class_was_counted_alike(conn: psycopg.Connection) -> None:
    found = conn.execute(
        "select event_name, count(*) from marts_learning.fact_learning_event group by 1"
    ).fetchall()
    assert dict(found) == dict(TRUTH["log"]["events"])


@pytest.mark.parametrize("day", TRUTH["dau"])
def test_daily_active_users_agree(conn: psycopg.Connection, day: str) -> None:
    truth = TRUTH["dau"][day]
    expected = (truth["utc"], truth["utc_no_guest"], truth["site_tz_no_guest"])
    assert conn.execute(DAU, {"day": day}).fetchone() == expected


def test_the_widest_session_rule_agrees(site: Warehouse) -> None:
    """837 sessions, guest and cron included: the same macro, other rows."""
    outcome: Any = site.dbt("compile", "--inline", ALL_SESSIONS).result
    compiled = outcome.results[0]
    query = f"""
        with events as (
            select user_id, log_id as event_id, occurred_at as ts
            from staging.stg_moodle__logstore_standard_log where user_id > 0
        ), sessions as ({compiled.node.compiled_code}),
        people as (select user_id, count(*) as sessions from sessions group by user_id)
        select
            count(*) as total_sessions,
            count(distinct user_id) as users,
            sum(seconds) as total_duration_s,
            round(avg(seconds), 6) as mean_duration_s,
            percentile_cont(0.5) within group (order by seconds) as median_duration_s,
            count(*) filter (where events = 1) as single_event_sessions,
            max(events) as max_events_in_session,
            max(seconds) as max_duration_s,
            (
                select jsonb_agg(jsonb_build_array(user_id, sessions) order by user_id)
                from people
            ) as per_user
        from sessions
    """
    with site.connect() as conn, conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query).fetchone()
    assert found == TRUTH["sessions"]
    assert found["total_sessions"] == 837


def test_no_figure_of_the_truth_file_is_left_out() -> None:
    grouped = {"users", "enrolments", "sessions_web_ws_no_guest", "grades", "log"}
    figures = TRUTH.keys() - grouped
    figures |= {f"{group}.{figure}" for group in grouped for figure in TRUTH[group]}
    assert figures == SINGLE.keys() | SEVERAL.keys() | APART | ABOUT_THE_FILE


def test_the_site_names_its_release(conn: psycopg.Connection) -> None:
    row = conn.execute(
        "select moodle_release, site_timezone from intermediate.int_moodle__site"
    ).fetchone()
    assert row == (TRUTH["version"]["release"], TRUTH["version"]["timezone"])


def _truth(figure: str) -> Any:
    value: Any = TRUTH
    for part in figure.split("."):
        value = value[part]
    return value

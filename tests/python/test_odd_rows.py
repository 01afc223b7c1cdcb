"""Rows that look wrong and are not: what real sites hold and reports trip over.

A copy of the sample site is loaded and built, then a term's worth of odd things happens in
Moodle, and the warehouse follows with an increment. Each test says what must have become of one
of them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from moodle_sites import Lane
from warehouse_fixtures import Warehouse, copy_database

from ingest.build import NO_TESTS
from ingest.postgres import EmbeddedPostgres

# a view shows what arrives without being built again
TABLES = [f"source:moodle+,config.materialized:{kind}" for kind in ("table", "incremental")]
FOLLOWING = ("--select", *TABLES, "source:moodle+,resource_type:snapshot")
# who comes back to course 3, and whose account is deleted
LEARNER, DELETED_LEARNER = 10, 21
ODD_THINGS: tuple[LiteralString, ...] = (
    # a course is restored with its log: new ids, old times, no origin, objects that are not there
    """insert into mdl_logstore_standard_log
        select id + 1000000, eventname, component, action, target, objecttable, -31337, crud,
            edulevel, contextid, contextlevel, contextinstanceid, userid, 777, relateduserid,
            anonymous, other, timecreated, null, ip, realuserid
        from mdl_logstore_standard_log where courseid = 4""",
    # an administrator acts in the name of somebody who never came
    """insert into mdl_logstore_standard_log
        select id + 2000000, eventname, component, action, target, objecttable, objectid, crud,
            edulevel, contextid, contextlevel, contextinstanceid, 37, courseid, relateduserid,
            anonymous, other, timecreated, origin, ip, 2
        from mdl_logstore_standard_log
        where userid = 4 and origin = 'web' order by id limit 20""",
    # somebody is unenrolled and comes back
    """delete from mdl_user_enrolments where id = (
        select min(ue.id) from mdl_user_enrolments as ue
        join mdl_enrol as e on e.id = ue.enrolid where ue.userid = 10 and e.courseid = 3)""",
    """insert into mdl_user_enrolments (id, status, enrolid, userid, timestart, timeend,
            modifierid, timecreated, timemodified)
        select 900001, 0, min(id), 10, 1761000000, 0, 2, 1761000000, 1761000000
        from mdl_enrol where courseid = 3 and enrol = 'manual'""",
    # an account is deleted the way Moodle does it
    """update mdl_user set deleted = 1, username = 'gone.1761876900',
        email = '0cc175b9c0f1b6a831c399e269772661', idnumber = '' where id = 21""",
    # a course is gone, with everything but its log
    "delete from mdl_course where id = 9",
    "delete from mdl_course_modules where course = 9",
    """delete from mdl_user_enrolments where enrolid in (
        select id from mdl_enrol where courseid = 9)""",
    "delete from mdl_enrol where courseid = 9",
    # a course moves to another category, a teacher overrides a grade
    """update mdl_course set category = (
        select max(id) from mdl_course_categories), timemodified = 1761876900 where id = 2""",
    """update mdl_grade_grades set finalgrade = 1, overridden = 1761876900,
        timemodified = 1761876900
        where id = (select min(id) from mdl_grade_grades where finalgrade > 50)""",
)


@pytest.fixture(scope="module")
def before(sample_site: str) -> dict[str, Any]:
    """What the source says of the site before anything odd happened."""
    with psycopg.connect(sample_site) as conn:
        return {
            "course 4": conn.execute(
                "select count(*) from mdl_logstore_standard_log where courseid = 4"
            ).fetchone(),
            "category": conn.execute("select category from mdl_course where id = 2").fetchone(),
            "events of 9": conn.execute(
                "select count(*) from mdl_logstore_standard_log where courseid = 9"
            ).fetchone(),
        }


@pytest.fixture(scope="module")
def odd(
    warehouse: Warehouse,
    sample_site: str,
    postgres: EmbeddedPostgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    """The built warehouse after the odd things and an increment."""
    directory: Path = tmp_path_factory.mktemp("odd")
    for original, copy in ((sample_site, "odd_moodle"), (warehouse.dsn, "odd_warehouse")):
        copy_database(postgres, original, copy)
    odd = Warehouse(postgres.dsn("odd_warehouse"), directory / "target")
    moodle = postgres.dsn("odd_moodle")
    lane = Lane(moodle, odd.dsn, directory)
    with odd.connect() as built, psycopg.connect(moodle) as source:
        built.execute("create schema remembered")
        for table in ("fact_daily_active_users", "fact_session", "fact_learning_event"):
            built.execute(f"create table remembered.{table} as table marts_learning.{table}")
        for statement in ODD_THINGS:
            source.execute(statement)
    lane.load(full=True)
    odd.run("build", *FOLLOWING, *NO_TESTS)
    return odd


@pytest.fixture(scope="module")
def conn(odd: Warehouse) -> Iterator[psycopg.Connection]:
    with odd.connect() as built:
        yield built


def test_every_data_test_passes_on_what_they_moved(odd: Warehouse) -> None:
    odd.run("test", "--select", "source:moodle+,test_type:data")


def test_restored_events_are_kept_and_flagged(
    conn: psycopg.Connection, before: dict[str, Any]
) -> None:
    assert before["course 4"][0] > 1000
    assert (
        _one(conn, "select count(*) from marts_learning.fact_learning_event where is_restored")
        == (before["course 4"])
    )


def test_restored_events_make_nobody_active(conn: psycopg.Connection) -> None:
    changed = """
        select count(*) from marts_learning.fact_daily_active_users as now
        full join remembered.fact_daily_active_users as before using (date, segment)
        where now.dau is distinct from before.dau and segment = 'engaged'"""
    assert _one(conn, changed) == (0,)


def test_restored_events_belong_to_no_session(conn: psycopg.Connection) -> None:
    """Sessions change only where an administrator acted in somebody's name."""
    sessions = """
        select count(*) from marts_learning.fact_session as now
        full join remembered.fact_session as before using (session_id)
        where now.events_count is distinct from before.events_count
            and not coalesce(now.is_login_as, false)"""
    assert _one(conn, sessions) == (0,)


def test_who_was_impersonated_was_not_there(conn: psycopg.Connection) -> None:
    person = _hash(conn, 37)
    events = """
        select count(*), count(*) filter (where is_engagement_event), bool_and(is_login_as)
        from marts_learning.fact_learning_event where student_hash = %s"""
    assert _one(conn, events, person) == (20, 0, True)
    sessions = """
        select bool_and(is_login_as), sum(engagement_events_count)
        from marts_learning.fact_session where student_hash = %s"""
    assert _one(conn, sessions, person) == (True, 0)
    first_access = """
        select count(first_access_at) from marts_learning.fact_enrollment where student_hash = %s"""
    assert _one(conn, first_access, person) == (0,)


def test_a_return_is_a_new_enrolment_of_the_same_person(conn: psycopg.Connection) -> None:
    enrolments = """
        select array_agg(status order by enrolled_at), count(distinct student_hash),
            count(unenrolled_at)
        from marts_learning.fact_enrollment where student_hash = %s and course_id = 3"""
    assert _one(conn, enrolments, _hash(conn, LEARNER)) == (["unenrolled", "active"], 1, 1)


def test_a_deleted_account_keeps_its_history(conn: psycopg.Connection) -> None:
    person = _hash(conn, DELETED_LEARNER)
    versions = """
        select array_agg(is_deleted order by valid_from), count(*) filter (where is_current)
        from marts_learning.dim_learner where student_hash = %s"""
    assert _one(conn, versions, person) == ([False, True], 1)
    # what the person did points at the time before
    events = """
        select count(*) > 0, bool_or(l.is_deleted)
        from marts_learning.fact_learning_event as e join marts_learning.dim_learner as l
        using (learner_key) where e.student_hash = %s"""
    assert _one(conn, events, person) == (True, False)
    active = """
        select count(*) from marts_learning.fact_enrollment
        where student_hash = %s and status = 'active'"""
    assert _one(conn, active, person) == (0,)


def test_the_log_of_a_deleted_course_still_finds_it(
    conn: psycopg.Connection, before: dict[str, Any]
) -> None:
    events = """
        select count(*) from marts_learning.fact_learning_event as e
        join marts_learning.dim_course as c using (course_key)
        where e.course_id = 9 and c.fullname is not null"""
    assert _one(conn, events) == before["events of 9"]
    gone = """
        select is_deleted, is_known from marts_learning.dim_course
        where course_id = 9 and is_current"""
    assert _one(conn, gone) == (True, True)
    statuses = """
        select array_agg(distinct status) from marts_learning.fact_enrollment where course_id = 9"""
    assert _one(conn, statuses) == (["unenrolled"],)


def test_a_course_id_that_never_existed_has_an_unnamed_course(conn: psycopg.Connection) -> None:
    course = """
        select is_known, fullname from marts_learning.dim_course where course_id = 777"""
    assert _one(conn, course) == (False, None)


def test_a_moved_course_was_where_it_was(conn: psycopg.Connection, before: dict[str, Any]) -> None:
    then = """
        select array_agg(distinct c.category_id)
        from marts_learning.fact_learning_event as e
        join marts_learning.dim_course as c using (course_key) where e.course_id = 2"""
    assert _one(conn, then) == ([before["category"][0]],)
    now = "select category_id from marts_learning.dim_course where course_id = 2 and is_current"
    assert _one(conn, now) != before["category"]


def test_guests_cron_and_anonymous_answers_are_nobodys_activity(conn: psycopg.Connection) -> None:
    odd = """
        select count(*) filter (where student_hash is null), count(*) filter (where origin = 'cli'),
            count(*) filter (where is_anonymous),
            count(*) filter (where is_engagement_event and (
                student_hash is null or origin = 'cli' or is_anonymous))
        from remembered.fact_learning_event"""
    nobody, cron, anonymous, engaged = _one(conn, odd)
    assert (nobody, cron, anonymous, engaged) == (974, 237, 84, 0)


def test_quiz_previews_are_kept_and_count_for_no_rank(conn: psycopg.Connection) -> None:
    previews = """
        select count(*), count(*) filter (where is_first_attempt or is_last or is_best)
        from marts_learning.fact_quiz_attempt where is_preview"""
    assert _one(conn, previews) == (1, 0)


def test_an_overridden_grade_is_a_change_and_says_so(conn: psycopg.Connection) -> None:
    overridden = """
        select count(*) from marts_learning.fact_grade
        where is_current and is_overridden and final_grade = 1"""
    assert _one(conn, overridden) == (1,)


def _hash(conn: psycopg.Connection, user_id: int) -> str:
    found: str = _one(
        conn, "select student_hash from vault.pseudonyms where source_user_id = %s", str(user_id)
    )[0]
    return found


def _one(conn: psycopg.Connection, query: LiteralString, *values: object) -> tuple[Any, ...]:
    row = conn.execute(query, values).fetchone()
    assert row is not None
    return row

"""Secure views, read with the rights of a dashboard: who looks is signed, and nobody else looks."""

import importlib.util
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from superset_people import TEACHERS
from warehouse_fixtures import Warehouse

from ingest.dashboards.audiences import group
from ingest.dashboards.logins import ensure_group, let_viewers_in
from ingest.dashboards.server import PROGRAMS
from ingest.settings import PROJECT_DIR

KEY = "a key of the tests, forty-three characters.."
READER = group("teacher")
MODELS = PROJECT_DIR / "models" / "marts" / "secure"
VIEWS = sorted({file.stem for file in MODELS.glob("secure_*.sql")} - {"secure_viewer_course"})
# tutors (they may not edit) of courses with separate groups, who are in a group: user name, course,
# and the accounts in the tutor's groups, straight from Moodle
TUTORS: LiteralString = """
    select u.username, k.id, array_agg(distinct other.userid::text)
    from raw_moodle.mdl_role_assignments as a
    inner join raw_moodle.mdl_role as r on a.roleid = r.id and r.archetype = 'teacher'
    inner join raw_moodle.mdl_context as c on a.contextid = c.id and c.contextlevel = 50
    inner join raw_moodle.mdl_course as k on c.instanceid = k.id and k.groupmode = 1
    inner join raw_moodle.mdl_user as u on a.userid = u.id
    inner join raw_moodle.mdl_groups_members as own on u.id = own.userid
    inner join raw_moodle.mdl_groups as g on own.groupid = g.id and g.courseid = k.id
    inner join raw_moodle.mdl_groups_members as other on g.id = other.groupid
    group by u.username, k.id
"""
Look = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def viewers() -> ModuleType:
    """What runs in Superset's environment; it takes nothing from there."""
    spec = importlib.util.spec_from_file_location("viewers", PROGRAMS / "viewers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def conn(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """The owner's connection; what is changed is rolled back."""
    with psycopg.connect(warehouse.dsn) as conn:
        for name in ("teacher", "school_admin"):
            ensure_group(conn, group(name))
        let_viewers_in(conn, KEY)
        for view in VIEWS:
            conn.execute(
                sql.SQL("grant select on {} to {}").format(
                    sql.Identifier("secure", view), sql.Identifier(READER)
                )
            )
        conn.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(READER)))
        yield conn
        conn.rollback()


@pytest.fixture
def look(conn: psycopg.Connection) -> Iterator[Look]:
    """Ask as a dashboard asks, in a session whose viewer is the given text."""

    def ask(query: str, viewer: str = "") -> list[Any]:
        with conn.transaction(force_rollback=True):
            conn.execute("select set_config('coursehouse.viewer', %s, true)", [viewer])
            conn.execute(sql.SQL("set local role {}").format(sql.Identifier(READER)))
            return conn.execute(query.encode()).fetchall()

    yield ask


@pytest.fixture(scope="module")
def taught(conn: psycopg.Connection) -> dict[str, list[int]]:
    """User name -> courses of teachers who may edit, in courses only."""
    found: dict[str, list[int]] = dict(conn.execute(TEACHERS).fetchall())
    assert len(found) >= 2
    return found


def test_a_teacher_sees_the_own_courses_in_every_view(
    look: Look, viewers: ModuleType, taught: dict[str, list[int]]
) -> None:
    for login, courses in taught.items():
        signed = viewers.signed_viewer(login, False, KEY)
        for view in VIEWS:
            seen = look(f"select distinct course_id from secure.{view} order by 1", signed)
            expected = set(courses) & {course for (course,) in _all(look, viewers, view)}
            assert {course for (course,) in seen} == expected, (login, view)


def test_a_tutor_sees_of_separate_groups_the_own_ones(
    look: Look, viewers: ModuleType, conn: psycopg.Connection
) -> None:
    tutors = conn.execute(TUTORS).fetchall()
    assert tutors
    for login, course, accounts in tutors:
        grouped = conn.execute(
            "select distinct c.student_hash from marts_bi.bi_course_completion as c"
            " inner join vault.pseudonyms as p on c.student_hash = p.student_hash"
            " where c.course_id = %s and p.source_system = 'moodle' and p.source_user_id = any(%s)",
            [course, accounts],
        ).fetchall()
        signed = viewers.signed_viewer(login, False, KEY)
        for view in ("secure_course_completion", "secure_learner_course_week"):
            query = f"select distinct student_hash from secure.{view} where course_id = {course}"
            seen = set(look(query, signed))
            assert seen == set(grouped) & set(look(query, viewers.signed_viewer("x", True, KEY)))
            assert seen
        sets = look(
            f"select learner_set from secure.secure_course_group where course_id = {course}", signed
        )
        assert {learner_set for (learner_set,) in sets} == {"group"}
        weeks = f"select count(*) from secure.secure_course_week where course_id = {course}"
        assert look(weeks, signed) == [(0,)]


def test_who_analyses_the_school_sees_what_the_mart_holds(
    look: Look, viewers: ModuleType, conn: psycopg.Connection
) -> None:
    signed = viewers.signed_viewer("somebody", True, KEY)
    for view in VIEWS:
        mart = view.replace("secure_", "bi_")
        (held,) = conn.execute(f"select count(*) from marts_bi.{mart}".encode()).fetchone() or (0,)
        assert look(f"select count(*) from secure.{view}", signed) == [(held,)]
        # the sample site has no meetings: those come with the events of the demo
        assert held > 0 or "meeting" in view, view


def test_in_a_session_nobody_signed_there_is_nothing(
    look: Look, viewers: ModuleType, taught: dict[str, list[int]]
) -> None:
    login = next(iter(taught))
    signed = viewers.signed_viewer(login, False, KEY)
    name, scope, until, signature = signed.split(".")
    later = str(int(time.time()) + 10**6)
    for viewer in (
        "",
        "admin",
        viewers.signed_viewer(login, False, "another key"),
        f"{name}.all.{until}.{signature}",  # everything, instead of what was signed
        f"{b'admin'.hex()}.own.{until}.{signature}",
        f"{name}.{scope}.{later}.{signature}",
        f"{name}.{scope}.{until}",
        signed[:-1],
        "....",
    ):
        for view in (*VIEWS, "secure_viewer_course"):
            assert look(f"select count(*) from secure.{view}", viewer) == [(0,)], viewer


def test_what_was_signed_long_ago_is_worth_nothing(
    look: Look, viewers: ModuleType, taught: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    login = next(iter(taught))
    monkeypatch.setattr(viewers, "VALID_SECONDS", -1)
    signed = viewers.signed_viewer(login, True, KEY)
    assert look("select count(*) from secure.secure_course_completion", signed) == [(0,)]


def test_the_name_of_an_account_is_read_as_moodle_writes_it(
    look: Look, viewers: ModuleType, taught: dict[str, list[int]]
) -> None:
    login, courses = next(iter(taught.items()))
    signed = viewers.signed_viewer(f" {login.upper()} ", False, KEY)
    seen = look("select course_id from secure.secure_viewer_course order by 1", signed)
    assert [course for (course,) in seen] == courses


def test_numbers_of_few_learners_are_hidden_from_teachers(
    look: Look, viewers: ModuleType, taught: dict[str, list[int]], conn: psycopg.Connection
) -> None:
    small = conn.execute(
        "select course_id, group_name from marts_bi.bi_course_group"
        " where is_small and learner_set = 'group'"
    ).fetchall()
    assert small
    query = "select course_id, group_name, learners_count from secure.secure_course_group"
    everything = look(f"{query} where is_withheld", viewers.signed_viewer("x", True, KEY))
    assert all(count is not None for _, _, count in everything)
    hidden = 0
    for login in taught:
        for course, name, count in look(query, viewers.signed_viewer(login, False, KEY)):
            if (course, name) in small:
                assert count is None
                hidden += 1
    assert hidden


def test_a_reader_of_secure_views_reads_nothing_else(look: Look) -> None:
    for forbidden in (
        "select * from marts_bi.bi_course_completion",
        "select * from secure.bridge_viewer_course",
        "select * from vault.viewer_key",
        "select vault.pseudonymise('login', 'admin')",
        "select query_to_xml('select * from marts_bi.bi_course_completion', true, true, '')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            look(forbidden)


def test_no_condition_of_a_reader_runs_before_that_of_the_view(conn: psycopg.Connection) -> None:
    open_views = conn.execute(
        "select relname from pg_class where relkind = 'v' and relnamespace = 'secure'::regnamespace"
        " and not coalesce('security_barrier=true' = any(reloptions), false)"
    ).fetchall()
    assert open_views == []


def _all(look: Look, viewers: ModuleType, view: str) -> list[Any]:
    signed = viewers.signed_viewer("somebody", True, KEY)
    return look(f"select distinct course_id from secure.{view}", signed)

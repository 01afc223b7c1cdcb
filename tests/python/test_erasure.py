"""An erased person leaves no trace in raw tables and is not taken in again; others stay as they were."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from moodle_sites import LOG, SPEC, Lane
from psycopg.types.json import Jsonb

from ingest.archive.backfill import backfill_day
from ingest.archive.catalog import live_files
from ingest.archive.write import archive
from ingest.erasure.person import STAND_IN
from ingest.erasure.run import Erased, erase
from ingest.errors import UserError
from ingest.events import raw
from ingest.events.contracts import Rejection
from ingest.events.raw import Record, Sorted
from ingest.events.topics import topics
from ingest.files.store import Store
from ingest.moodle import changes
from ingest.stripe import store as stripe_store
from ingest.stripe.kinds import KINDS
from ingest.stripe.store import Found
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import record_load
from ingest.warehouse.merge import Counts

ANN = ("ann.k", "ann.k@example.org", "Annabel", "Kowalski", "10.9.8.7")
TRACES = ("ann.k", "annabel", "kowalski", "10.9.8.7")
CLICKS, PURCHASE = topics()["clicks"], topics()["purchase"]
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)

# every text of every table, that of JSON and of bytes, too
SCAN = """
select format('%I.%I', n.nspname, c.relname), a.attname
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where
    c.relkind in ('r', 'p', 'm') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'
    and format_type(a.atttypid, null) ~ '^(text|character|json|bytea|name)'
"""


def traces(conn: psycopg.Connection, texts: tuple[str, ...]) -> list[str]:
    """Columns of the whole warehouse that hold one of `texts`, whatever its case."""
    found = []
    for table, column in conn.execute(SCAN).fetchall():
        read = f'"{column}"::text'
        kind = conn.execute(f'select pg_typeof("{column}")::text from {table} limit 1').fetchone()
        if kind == ("bytea",):
            read = f"""encode("{column}", 'escape')"""
        hits = conn.execute(
            f"select exists(select from {table} where lower({read}) ~ any(%s))",
            [[t.replace(".", r"\.") for t in texts]],
        ).fetchone()
        if hits == (True,):
            found.append(f"{table}.{column}")
    return found


@pytest.fixture
def site(lane: Lane) -> Lane:
    """Person 7 is Ann: enrolled, in the log, named in the rows of others. Loaded."""
    username, email, first, last, ip = ANN
    with psycopg.connect(lane.moodle) as conn:
        columns = ", ".join(f"{name} {type_}" for name, type_ in SPEC[LOG].columns.items())
        conn.execute(f"create table mdl_{LOG} ({columns}, primary key (id))".encode())
        conn.execute(
            "update mdl_user set username = 'user' || id, email = id || '@example.org',"
            " firstname = 'First', lastname = 'Last', country = 'DE'"
        )
        conn.execute(
            "update mdl_user set username = %s, email = %s, firstname = %s, lastname = %s"
            " where id = 7",
            [username, email, first, last],
        )
        conn.execute("update mdl_user_enrolments set userid = id, modifierid = 11 - id")
        conn.execute("update mdl_course_modules_viewed set userid = id")
        for id_, name, user, related, other in (
            (1, r"\core\event\user_loggedin", 7, None, '{"username":"ann.k"}'),
            (2, r"\core\event\course_viewed", 7, None, "null"),
            (3, r"\core\event\user_graded", 2, 7, '{"name":"Kowalski"}'),
            (4, r"\core\event\course_viewed", 2, None, "kept"),
            (5, r"\core\event\user_login_failed", 0, None, '{"username":"ann.k","reason":3}'),
        ):
            conn.execute(
                f"insert into mdl_{LOG} (id, eventname, userid, relateduserid, other, ip)"
                " values (%s, %s, %s, %s, %s, %s)",
                [id_, name, user, related, other, ip if user in (0, 7) else "10.1.1.1"],
            )
    lane.load()
    return lane


def gone(lane: Lane, **whom: Any) -> Erased:
    return erase(lane.settings(), lambda _: None, **({"user": "7"} | whom))


def test_rows_become_a_strangers_and_nothing_comes_back(site: Lane) -> None:
    with psycopg.connect(site.warehouse, autocommit=True) as conn:
        assert traces(conn, TRACES)
        others = "select * from mdl_user_enrolments where id not in (7, 4) order by id"
        before = site.read(others)
        done = gone(site)
        assert done.rows["raw_moodle.mdl_user"] == 1
        assert traces(conn, TRACES) == []
        for _ in range(2):
            (stranger,) = site.read("select id, country, username from mdl_user where id > 1000")
            assert stranger[0] >= STAND_IN and stranger[1] == "DE"
            assert stranger[2] == f"erased-{stranger[0]}"
            # what was Ann's is the stranger's, and counts on
            assert site.value("select userid from mdl_user_enrolments where id = 7") == stranger[0]
            assert (
                site.value("select userid from mdl_course_modules_viewed where id = 7")
                == (stranger[0])
            )
            assert site.value("select modifierid from mdl_user_enrolments where id = 4") is None
            assert site.read(f"select userid, other, ip from mdl_{LOG} order by id") == [
                (stranger[0], None, None),
                (stranger[0], "null", None),
                (2, None, "10.1.1.1"),
                (2, "kept", "10.1.1.1"),
                (0, None, None),
            ]
            assert site.read(others) == before
            # the source still has all of it, and more
            site.in_moodle(
                "insert into mdl_user_enrolments (id, userid, timemodified)"
                " values (11, 7, 1), (12, 2, 1) on conflict do nothing",
                f"insert into mdl_{LOG} (id, eventname, userid, other, ip) values"
                " (6, 'x', 7, 'ann.k', '10.9.8.7'), (7, 'x', 2, 'new', '10.1.1.1')"
                " on conflict do nothing",
                "update mdl_user_enrolments set timemodified = timemodified + 1 where userid = 7",
            )
            site.load(full=True)
            assert traces(conn, TRACES) == []
            assert site.value("select count(*) from mdl_user_enrolments where id > 10") == 1
            assert site.value(f"select count(*) from mdl_{LOG}") == 6
            deleted = "select count(*) from mdl_{} where _deleted_at is not null"
            for table in ("user_enrolments", "course_modules_viewed", LOG):
                assert site.value(deleted.format(table)) == 0
        assert gone(site).rows == {}  # once more
        (audit,) = conn.execute("select table_rows from audit.erasure").fetchall()
        assert audit[0]["raw_moodle.mdl_user"] == 1

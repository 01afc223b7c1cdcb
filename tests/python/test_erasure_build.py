"""After an erasure and a build no schema knows the person, and nobody else's figures changed."""

from pathlib import Path
from typing import Any

import psycopg
from moodle_sites import Lane
from psycopg import sql
from traces import traces
from warehouse_fixtures import Warehouse

from ingest.build import NO_TESTS
from ingest.erasure.run import erase

MARTS = ("fact_session", "dim_learner", "student_daily_activity", "fact_grade", "fact_enrollment")
BUILD = (
    *("build", "--select", *(f"+{mart}" for mart in MARTS)),
    *NO_TESTS,
)
# who did most in the log
WHO = """
select u.id, u.username, u.email, u.firstname || ' ' || u.lastname
from raw_moodle.mdl_user as u
inner join raw_moodle.mdl_logstore_standard_log as l on u.id = l.userid
where u.username !~ '^(guest|admin)' and length(u.username) > 4
group by u.id, u.username, u.email, u.firstname, u.lastname
order by count(*) desc
limit 1
"""
# of everybody else, row by row; of all, in sums
OTHERS = """
select student_hash, count(*), sum(dwell_seconds), count(distinct session_id)
from marts_learning.fact_learning_event
where student_hash in (select student_hash from vault.pseudonyms where source_user_id <> %s)
group by student_hash
order by student_hash
"""
SUMS = (
    "select count(*), sum(events_count), sum(engaged_seconds) from marts_learning.fact_session",
    "select count(*), count(distinct student_hash) from marts_learning.fact_learning_event",
    "select date, count(*), sum(pages_viewed) from marts_learning.student_daily_activity"
    " group by date order by date",
    "select count(*), sum(final_grade) from marts_learning.fact_grade",
    "select count(*), count(distinct student_hash) from marts_learning.fact_enrollment",
)
DANGLING = """
select count(*) from marts_learning.fact_session as s
where not exists (select from marts_learning.dim_learner as d where s.learner_key = d.learner_key)
"""


def figures(conn: psycopg.Connection) -> list[Any]:
    return [conn.execute(query.encode()).fetchall() for query in SUMS]


def test_marts_know_a_stranger_in_the_persons_place(
    sample_site: str, new_database: Any, tmp_path: Path
) -> None:
    house = Warehouse(new_database("erasure"), tmp_path / "target")
    site = Lane(sample_site, house.dsn, tmp_path)
    site.load()
    house.run(*BUILD)
    with house.connect() as conn:
        found = conn.execute(WHO).fetchone()
        assert found
        id_, *texts = found
        (student_hash,) = conn.execute(
            "select vault.pseudonymise('moodle', %s)", [str(id_)]
        ).fetchone() or ("",)
        looked_for = (*(text.lower() for text in texts), student_hash)
        assert {place.split(".")[0] for place in traces(conn, looked_for)} >= {
            *("raw_moodle", "vault", "snapshots", "marts_learning"),
        }
        others, before = conn.execute(OTHERS, [str(id_)]).fetchall(), figures(conn)
        erase(site.settings(), lambda _: None, str(id_))
        assert traces(conn, looked_for) == []
        site.load(full=True)
        house.run(*BUILD)
        assert traces(conn, looked_for) == []
        assert figures(conn) == before
        known = {row[0] for row in others}
        assert [r for r in conn.execute(OTHERS, ["0"]).fetchall() if r[0] in known] == others
        assert conn.execute(DANGLING).fetchone() == (0,)
        # law 2: as if it had always been so
        increment = _sessions(conn)
        house.run(*BUILD, "--full-refresh")
        assert _sessions(conn) == increment


def _sessions(conn: psycopg.Connection) -> list[Any]:
    columns = sql.SQL("session_id, student_hash, session_start, events_count, engaged_seconds")
    return conn.execute(
        sql.SQL("select {} from marts_learning.fact_session order by session_id").format(columns)
    ).fetchall()

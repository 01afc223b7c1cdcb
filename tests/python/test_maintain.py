"""What is due once a month, as one command: safe to repeat, and it says what it did."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner, Result

from ingest.cli import app
from ingest.maintenance import bloat, reports
from ingest.warehouse.bootstrap import bootstrap

REPORTS = ("test_result_rows", "elementary_test_results", "dbt_run_results", "dbt_invocations")


@pytest.fixture
def house(database: Callable[[], str]) -> str:
    """An empty warehouse."""
    dsn = database()
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    return dsn


@pytest.fixture
def conn(house: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(house, autocommit=True) as connection:
        yield connection


def maintain(house: str, home: Path, **settings: object) -> Result:
    parts = conninfo_to_dict(house)
    environment = {f"COURSEHOUSE_PG_{name.upper()}": str(value) for name, value in parts.items()}
    environment |= {f"COURSEHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
    return CliRunner().invoke(
        app, ["maintain"], env={**os.environ, **environment, "COURSEHOUSE_HOME": str(home)}
    )


def bloat_a_table(conn: psycopg.Connection) -> None:
    """Nine of ten rows are dead, and the index has room for all of them."""
    conn.execute("create schema marts")
    conn.execute("create table marts.wide (id int, note text) with (autovacuum_enabled = false)")
    conn.execute("insert into marts.wide select i, 'x' from generate_series(1, 50000) as i")
    conn.execute("create index wide_ix on marts.wide (id)")
    conn.execute("create index expression_ix on marts.wide ((id + 1), note)")
    conn.execute("delete from marts.wide where id % 10 <> 0")
    conn.execute("select pg_stat_force_next_flush()")


def test_dead_rows_and_bloated_indexes_are_cleared_up_once(
    house: str, conn: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bloat, "INDEX_BYTES", 100_000)
    bloat_a_table(conn)
    done = maintain(house, tmp_path)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert "vacuum marts.wide: 45,000 dead rows" in lines
    assert {line.split(":")[0] for line in lines if line.startswith("reindex")} == {
        "reindex marts.wide_ix",
        "reindex marts.expression_ix",
    }
    assert lines[-1].startswith("cleared up: 1 tables, and 2 indexes")
    assert conn.execute("select pg_relation_size('marts.wide_ix') < 200000").fetchone() == (True,)
    again = maintain(house, tmp_path)
    assert again.output.splitlines()[-1] == (
        "cleared up: 0 tables, and 0 indexes, now smaller by 0 MB"
    )


def test_an_index_in_use_stays_and_what_that_leaves_behind_goes_next_time(
    house: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bloat, "INDEX_BYTES", 100_000)
    monkeypatch.setattr(bloat, "LOCK_WAIT", "200ms")
    bloat_a_table(conn)
    conn.execute("vacuum analyze marts.wide")
    said: list[str] = []
    with psycopg.connect(house) as writer:
        writer.execute("insert into marts.wide values (0, 'not committed')")
        assert bloat.reindex(conn, said.append) == []
    assert len(said) == 2 and all("is in use, it is built anew next time" in x for x in said)
    said.clear()
    assert len(bloat.reindex(conn, said.append)) == 2
    left = conn.execute("select count(*) from pg_class where relname ~ '_cc(new|old)'").fetchone()
    assert left == (0,)


def test_what_reports_show_goes_with_our_own_results(
    conn: psycopg.Connection, house: str, tmp_path: Path
) -> None:
    assert reports.forget(conn, 90) == 0  # nothing was ever built
    conn.execute("create schema elementary")
    old, young = "now() - interval '91 days'", "now() - interval '89 days'"
    for table in REPORTS:
        key = "elementary_test_results_id" if table == "test_result_rows" else "id"
        conn.execute(
            f"create table elementary.{table} as select * from (values"
            f" ('old', ({old})::timestamp), ('young', ({young})::timestamp))"
            f" as x ({key}, created_at)"
        )
    conn.execute(
        "insert into ops.build_run (invocation_id, command, started_at, completed_at, status,"
        f" models, tests, failures) values ('old', 'build', {old}, {old}, 'ok', 1, 1, 0)"
    )
    done = maintain(house, tmp_path)
    assert done.exit_code == 0, done.output
    said = "retention: 5 rows of results dropped, of builds, tests, loads and alerts"
    assert said in done.output.splitlines()
    for table in REPORTS:
        rows = conn.execute(f"select * from elementary.{table}").fetchall()
        assert [key for key, _ in rows] == ["young"]


def test_missing_empty_and_old_backups_end_in_one_line(house: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    settings = {"backup_dir": folder, "backup_max_age_hours": 1}
    missing = maintain(house, tmp_path, **settings)
    assert str(missing.exception).startswith(f"there is no backup in {folder}")
    backup = folder / "2026" / "coursehouse.dump"
    backup.parent.mkdir()
    backup.touch()
    assert "is empty" in str(maintain(house, tmp_path, **settings).exception)
    backup.write_bytes(b"PGDMP")
    young = maintain(house, tmp_path, **settings)
    assert young.exit_code == 0
    assert "backups: 1 files, the newest (" in young.output
    os.utime(backup, (0, 0))
    assert "hours old, more than 1" in str(maintain(house, tmp_path, **settings).exception)

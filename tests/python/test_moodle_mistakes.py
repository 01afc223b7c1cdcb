"""Everything that goes wrong with a load is one clear line, and nothing of it becomes visible."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from addresses import warehouse_variables
from moodle_sites import SMALL, Lane, create_tables
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from ingest.errors import UserError
from ingest.moodle import backends, load
from ingest.moodle.site import parse_dsn, stream_url
from ingest.postgres import EmbeddedPostgres
from ingest.settings import PROJECT_DIR
from ingest.warehouse import landing
from ingest.warehouse.publish import publish

PASSWORD = "s3cret/p@ss:word%?#"


def refusal(lane: Lane, *names: str, **changed: Any) -> str:
    """The one line a load ends with; nothing may have become visible."""
    before = lane.state(*SMALL)
    with pytest.raises(UserError) as failed:
        lane.load(*(names or ("user", "groups")), **changed)
    assert lane.state(*SMALL) == before
    assert lane.landing_schemas() == []
    line = str(failed.value)
    assert "\n" not in line
    assert len(line) < 400
    assert "Traceback" not in line
    for secret in (PASSWORD, *passwords(lane)):
        assert secret not in line
    return line


def passwords(lane: Lane) -> list[str]:
    return [str(conninfo_to_dict(dsn)["password"]) for dsn in (lane.moodle, lane.warehouse)]


def changed(dsn: str, **parts: Any) -> str:
    return make_url(dsn).set(**parts).render_as_string(hide_password=False)


# ---------------------------------------------------------------- the address


@pytest.mark.parametrize(
    ("dsn", "line"),
    [
        (f"my moodle {PASSWORD}", "COURSEHOUSE_MOODLE_DSN is not a database URL"),
        (f"postgresql://u:{PASSWORD}@h:notaport/moodle", "is not a database URL"),
        ("oracle://u:p@h/moodle", "must name a PostgreSQL, MariaDB or MySQL database"),
        ("sqlite:///moodle.db", "must name a PostgreSQL, MariaDB or MySQL database"),
        ("postgresql://u:p@127.0.0.1", "must name a PostgreSQL, MariaDB or MySQL database"),
        ("mysql://u:p@h/moodle?ssl_verify=no", "unknown option ssl_verify"),
        ("mysql://u:p@h/moodle?ssl_ca=/no/ca.pem", "no such file: ssl_ca=/no/ca.pem"),
    ],
)
def test_an_address_that_is_none_is_explained(lane: Lane, dsn: str, line: str) -> None:
    assert line in refusal(lane, moodle_dsn=dsn)


def test_without_an_address_the_variable_is_named(lane: Lane) -> None:
    assert "COURSEHOUSE_MOODLE_DSN" in refusal(lane, moodle_dsn=None)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"host": "nowhere.invalid"}, r"nowhere\.invalid"),
        ({"port": 1}, "(?i)connection refused"),
        ({"password": PASSWORD}, "password authentication failed"),
        ({"username": "nobody_here", "password": PASSWORD}, "password authentication failed"),
        ({"database": "no_such_db"}, 'database "no_such_db" does not exist'),
    ],
)
def test_a_moodle_that_cannot_be_reached_says_why(
    lane: Lane, parts: dict[str, Any], reason: str
) -> None:
    line = refusal(lane, moodle_dsn=changed(lane.moodle, **parts))
    assert line.startswith("cannot read the Moodle database: ")
    assert re.search(reason, line)


def test_the_command_prints_one_line_and_no_traceback(lane: Lane) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "ingest.cli", "load", "moodle", "--tables", "user"],
        cwd=PROJECT_DIR,
        env={
            "COURSEHOUSE_HOME": str(lane.home),
            **warehouse_variables(lane.warehouse),
            "COURSEHOUSE_MOODLE_DSN": changed(lane.moodle, password=PASSWORD),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("coursehouse: cannot read the Moodle database: ")
    assert PASSWORD not in result.stderr


# ---------------------------------------------------------------- the database


def test_a_wrong_prefix_names_the_one_it_found(lane: Lane) -> None:
    line = refusal(lane, moodle_prefix="moo_")
    assert "no Moodle tables with prefix 'moo_'" in line
    assert "found the prefix 'mdl_'" in line
    assert "COURSEHOUSE_MOODLE_PREFIX" in line


def test_a_table_we_may_not_read_is_named(lane: Lane) -> None:
    with psycopg.connect(lane.moodle) as conn:
        conn.execute("create role reader login password 'x'")
        conn.execute("grant select on all tables in schema public to reader")
        conn.execute("revoke select on mdl_groups from reader")
    dsn = changed(lane.moodle, username="reader", password="x")
    assert refusal(lane, moodle_dsn=dsn) == (
        "cannot read mdl_groups from Moodle: permission denied for table mdl_groups;"
        " nothing of it became visible"
    )
    # an append table is asked for its slices first
    lane.in_moodle("revoke select on mdl_notifications from reader")
    line = refusal(lane, "notifications", moodle_dsn=dsn)
    assert "permission denied for table mdl_notifications" in line


def test_a_table_without_id_is_named(lane: Lane) -> None:
    lane.in_moodle("alter table mdl_groups rename id to number")
    assert "mdl_groups has no column `id`" in refusal(lane)


def test_a_table_whose_ids_repeat_is_named(lane: Lane) -> None:
    lane.in_moodle("alter table mdl_groups drop constraint mdl_groups_pkey",
                   "insert into mdl_groups (id) values (3)")  # fmt: skip
    assert "raw_moodle.mdl_groups: `id` is empty or not unique" in refusal(lane)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_is_not_utf8_is_refused(
    lane: Lane, postgres: EmbeddedPostgres, encoding: str
) -> None:
    name = f"moodle_{encoding.lower()}"
    with postgres._admin() as admin:
        admin.execute(
            sql.SQL(
                "create database {} owner coursehouse template template0 encoding {}"
                " locale_provider libc lc_collate 'C' lc_ctype 'C'"
            ).format(sql.Identifier(name), sql.Literal(encoding))
        )
    dsn = postgres.dsn(name)
    with psycopg.connect(dsn) as conn:
        create_tables(conn, SMALL)
    assert f"is encoded in {encoding}; Moodle and Coursehouse need UTF-8" in refusal(
        lane, moodle_dsn=dsn
    )


# ---------------------------------------------------------------- while it runs


@pytest.fixture
def loaded(lane: Lane) -> Lane:
    lane.load(*SMALL)
    for name in SMALL:
        lane.in_moodle(f"insert into mdl_{name} (id) values (11)")
    return lane


def terminate(dsn: str, but: int = 0) -> None:
    """End our user's connections to the database of `dsn`, except this one and `but`."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and usename = current_user"
            " and pid not in (pg_backend_pid(), %s)",
            [but],
        )


def test_a_reading_connection_that_is_cut_off_is_explained(loaded: Lane) -> None:
    real = load._Loader._count

    def cut(self: load._Loader, table: str, rows: int) -> None:
        terminate(loaded.moodle)
        real(self, table, rows)

    with mock.patch.object(load._Loader, "_count", cut):
        line = refusal(loaded, *SMALL)
    assert line.startswith("cannot read mdl_")
    assert "server closed the connection unexpectedly" in line
    assert loaded.load(*SMALL).inserted == len(SMALL)


def test_a_copy_cut_off_in_the_middle_of_a_table_loses_nothing(loaded: Lane) -> None:
    rows = "select i, repeat('x', 1000) from generate_series(1000, 60000) as i"
    loaded.in_moodle(f"insert into mdl_user (id, firstname) {rows}")
    real = backends._next_file

    def cut(directory: Path) -> Path:
        terminate(loaded.moodle)
        return real(directory)

    with mock.patch.object(backends, "_next_file", cut):
        line = refusal(loaded, "user")
    assert line.startswith("cannot read mdl_user from Moodle: ")


@pytest.mark.parametrize("moment", ["landing", "publishing"])
def test_a_warehouse_that_goes_away_is_explained(loaded: Lane, moment: str) -> None:
    def cut(*_: object) -> Any:
        terminate(loaded.warehouse)
        return real(*_)

    if moment == "landing":
        real: Callable[..., Any] = landing.FaithfulCopyJob._copy
        trap = mock.patch.object(landing.FaithfulCopyJob, "_copy", cut)
    else:
        real = publish
        trap = mock.patch.object(load, "publish", cut)
    before = loaded.state(*SMALL)
    started = time.monotonic()
    with trap, pytest.raises(UserError) as failed:
        loaded.load(*SMALL)
    assert time.monotonic() - started < 15
    assert "warehouse" in str(failed.value)
    assert "\n" not in str(failed.value)
    assert loaded.state(*SMALL) == before
    assert loaded.load(*SMALL).inserted == len(SMALL)
    assert loaded.landing_schemas() == []


def test_a_full_disk_while_landing_is_one_line_at_once(loaded: Lane) -> None:
    def full(self: landing.FaithfulCopyJob) -> None:
        raise psycopg.errors.DiskFull("could not extend file: No space left on device\nHINT: x")

    started = time.monotonic()
    with mock.patch.object(landing.FaithfulCopyJob, "_copy", full):
        line = refusal(loaded)
    assert time.monotonic() - started < 10
    assert line.startswith("the warehouse did not take mdl_")
    assert "No space left on device" in line


def test_a_work_directory_that_cannot_be_written_is_one_line(loaded: Lane) -> None:
    loaded.home = loaded.home / "file"
    loaded.home.write_text("")
    with pytest.raises(UserError, match="Not a directory"):
        loaded.load("user")


# ---------------------------------------------------------------- nothing leaks


def test_no_password_is_printed_by_a_load_that_works_or_fails(
    loaded: Lane, capfd: pytest.CaptureFixture[str]
) -> None:
    loaded.load(*SMALL)
    with mock.patch.object(landing.FaithfulCopyJob, "_copy", side_effect=RuntimeError("boom")):
        loaded.in_moodle("insert into mdl_user (id) values (12)")
        line = refusal(loaded)
    assert "boom" in line
    printed = "".join(capfd.readouterr())
    for password in passwords(loaded):
        assert password not in printed + "".join(loaded.said)
    assert printed == ""


def test_threads_are_gone_after_a_failed_load(loaded: Lane) -> None:
    before = threading.active_count()
    with mock.patch.object(landing.FaithfulCopyJob, "_copy", side_effect=RuntimeError("boom")):
        refusal(loaded)
    assert threading.active_count() == before


def test_a_warehouse_password_that_only_libpq_knows_is_enough(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", passwords(lane)[1])
    assert lane.load("user", pg_password="").inserted == 10


# ---------------------------------------------------------------- TLS for MariaDB


def test_tls_for_mariadb_is_demanded_and_verified_by_both_drivers(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    url = parse_dsn(f"mysql://u:p@h/moodle?charset=utf8mb4&ssl_ca={authority}")
    assert url.query["ssl_ca"] == str(authority)
    stream = make_url(stream_url(url))
    assert dict(stream.query) == {"ssl-ca": str(authority), "ssl-mode": "verify_identity"}
    assert dict(make_url(stream_url(parse_dsn("mysql://u:p@h/m?charset=utf8"))).query) == {}

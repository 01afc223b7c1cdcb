"""The Moodle loader on a real MariaDB: the same rows as from Postgres, value for value."""

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from mariadb_server import INSTALLED, NO_MARIADB, PASSWORD, USER, UTF8, MariaDb
from moodle_sites import DAY, NOW, SPEC, Lane, small_lag

from ingest.errors import UserError
from ingest.moodle import backends
from ingest.postgres import EmbeddedPostgres

pytestmark = pytest.mark.skipif(not INSTALLED, reason=NO_MARIADB)


@pytest.fixture(scope="module")
def sample(
    mariadb: MariaDb, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Lane:
    """The sample site on MariaDB, loaded once."""
    postgres.create_database("sample_from_mariadb")
    lane = Lane(
        mariadb.url("moodle", charset="utf8mb4"),
        postgres.dsn("sample_from_mariadb"),
        tmp_path_factory.mktemp("home"),
    )
    lane.load()
    return lane


@pytest.fixture
def lane(
    mariadb: MariaDb, database: Callable[[], str], tmp_path: Path
) -> Iterator[tuple[Lane, Callable[..., None]]]:
    """A small site on MariaDB, and a function that runs statements in it."""
    mariadb.run(f"create database small {UTF8}")
    types = {"text": "longtext", "double precision": "double"}
    for name in ("user", "course", "config", "course_modules", "user_enrolments", "grade_items"):
        columns = ", ".join(
            f"`{column}` {types.get(type_, type_)}" for column, type_ in SPEC[name].columns.items()
        )
        mariadb.run(f"create table mdl_{name} ({columns}, primary key (id))", database="small")

    def run(*statements: str) -> None:
        mariadb.run(*statements, database="small")

    yield Lane(mariadb.url("small"), database(), tmp_path), run
    mariadb.run("drop database small")


# ---------------------------------------------------------------- the sample site


def test_every_table_holds_the_same_rows_as_from_postgres(sample: Lane, sample_lane: Lane) -> None:
    different = []
    for name, table in SPEC.items():
        columns = ", ".join(f"{column}::text" for column in table.columns)
        query = f"select {columns} from mdl_{name} order by id"
        if sample.read(query) != sample_lane.read(query):
            different.append(name)
    assert different == []
    assert sample.value("select count(*) from mdl_logstore_standard_log") == 22_004


def test_the_tables_have_the_same_columns_as_from_postgres(sample: Lane, sample_lane: Lane) -> None:
    query = (
        "select table_name, column_name, data_type, numeric_precision, numeric_scale"
        " from information_schema.columns where table_schema = 'raw_moodle' order by 1, 2"
    )
    assert sample.read(query) == sample_lane.read(query)


def test_a_second_load_changes_nothing(sample: Lane) -> None:
    before = sample.state(*SPEC)
    assert sample.load().total == 0
    assert sample.state(*SPEC) == before


# ---------------------------------------------------------------- changes and values


def test_changes_arrive_and_deleted_rows_are_marked(
    lane: tuple[Lane, Callable[..., None]],
) -> None:
    site, run = lane
    run("insert into mdl_user_enrolments (id, status, timemodified)"
        f" select seq, 0, {NOW - 7 * DAY} from seq_1_to_50")  # fmt: skip
    with small_lag(3):
        assert site.load("user_enrolments").inserted == 50
        run(f"update mdl_user_enrolments set status = 1, timemodified = {NOW} where id = 7",
            "delete from mdl_user_enrolments where id = 8",
            "insert into mdl_user_enrolments (id, timemodified) values (51, 5)")  # fmt: skip
        counts = site.load("user_enrolments")
        assert (counts.inserted, counts.updated, counts.deleted) == (1, 1, 1)
        run("delete from mdl_user_enrolments")
        assert site.load("user_enrolments").deleted == 50
    assert site.load("user").total == 0


def test_every_value_arrives_as_it_was(
    lane: tuple[Lane, Callable[..., None]], mariadb: MariaDb
) -> None:
    site, run = lane
    texts = [
        "", " ", "\\N", "\\.", "line\n\\.\nline", "a\r\nb", 'say "hi", then', "\\\\ \\t \\", '""',
        "Zażółć 日本語 🎓", "x" * 100_000, "é\n" * 50_000, None,
    ]  # fmt: skip
    rows = [(i, text, -(2**63) + i, 2**63 - 1 - i) for i, text in enumerate(texts, start=1)]
    with mariadb.connect("small") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into mdl_user (id, city, timecreated, timemodified) values (%s, %s, %s, %s)",
            rows,
        )
    run("insert into mdl_grade_items (id, grademax, grademin)"
        " values (1, 99999.99999, -99999.99999), (2, 0.00001, null)")  # fmt: skip
    site.load("user", "grade_items")
    found = site.read("select id, city, timecreated, timemodified from mdl_user order by id")
    assert found == rows
    assert site.read("select grademax::text, grademin::text from mdl_grade_items order by id") == [
        ("99999.99999", "-99999.99999"),
        ("0.00001", None),
    ]
    assert site.load("user", "grade_items").total == 0


def test_columns_of_every_type_arrive(lane: tuple[Lane, Callable[..., None]]) -> None:
    site, run = lane
    run(
        "alter table mdl_user add big decimal(38,19), add tiny tinyint(1), add small float,"
        " add wide double, add medium mediumint, add day date, add at datetime, add blob_ longblob,"
        " add kind enum('a', 'b'), add natural_ bigint unsigned",
        "insert into mdl_user (id, big, tiny, small, wide, medium, day, at, blob_, kind, natural_)"
        " values (1, -1234567890123456789.1234567890123456789, 2, 0.1, 1e308, -8388608,"
        " '2026-01-31', '2026-01-31 23:59:59', x'00ff', 'b', 9223372036854775807)",
        "insert into mdl_user (id) values (2)",
    )
    site.load("user")
    columns = "big::text, tiny, small, wide, medium, day, at, kind, natural_"
    assert site.read(f"select {columns} from mdl_user order by id") == [
        ("-1234567890123456789.1234567890123456789", 2, 0.1, 1e308, -8388608, "2026-01-31",
         "2026-01-31 23:59:59.000000", "b", 2**63 - 1),
        (None,) * 9,
    ]  # fmt: skip


def test_zero_bytes_in_a_text_are_dropped(lane: tuple[Lane, Callable[..., None]]) -> None:
    site, run = lane
    run("insert into mdl_user (id, city) values (1, concat('a', char(0), 'b'))")
    site.load("user")
    assert site.value("select city from mdl_user") == "ab"


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"password": "wr0ng-secret"}, "Access denied for user"),
        ({"database": "no_such_db"}, "Unknown database 'no_such_db'"),
    ],
)
def test_a_server_that_refuses_us_says_why(
    lane: tuple[Lane, Callable[..., None]], mariadb: MariaDb, parts: dict[str, str], reason: str
) -> None:
    site, _ = lane
    with pytest.raises(UserError) as failed:
        site.load("user", moodle_dsn=mariadb.url(**({"database": "small"} | parts)))
    line = str(failed.value)
    assert line.startswith("cannot read the Moodle database: ")
    assert reason in line
    assert "\n" not in line
    assert PASSWORD not in line
    assert "wr0ng" not in line


def test_a_latin1_database_is_refused(
    lane: tuple[Lane, Callable[..., None]],
) -> None:
    site, run = lane
    run("alter database small character set latin1")
    with pytest.raises(UserError, match="'small' is encoded in latin1"):
        site.load("user")


def test_a_table_we_may_not_read_is_said(
    lane: tuple[Lane, Callable[..., None]], mariadb: MariaDb
) -> None:
    site, run = lane
    run("insert into mdl_user_enrolments (id) values (1)")
    site.load("user_enrolments")
    run("create user reader@'127.0.0.1' identified by 'x'",
        *(f"grant select on small.mdl_{name} to reader@'127.0.0.1'"
          for name in ("user", "course", "config")))  # fmt: skip
    assert site.load("user_enrolments", moodle_dsn=mariadb.url("small", "reader", "x")).total == 0
    assert site.said == ["gone from Moodle or no longer readable, rows are kept: user_enrolments"]
    run("drop user reader@'127.0.0.1'")


def test_a_stream_that_is_cut_off_is_an_error_and_not_the_end_of_the_table(
    lane: tuple[Lane, Callable[..., None]], mariadb: MariaDb
) -> None:
    site, run = lane
    run("insert into mdl_user (id, city) select seq, repeat('x', 1000) from seq_1_to_100000")
    real = backends._next_file

    def cut(directory: Path) -> Path:
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("select id from information_schema.processlist where user = %s", [USER])
            for (thread,) in cursor.fetchall():
                cursor.execute(f"kill connection {thread}")
        return real(directory)

    with (
        mock.patch.object(backends, "_next_file", cut),
        mock.patch.object(backends, "ROWS_PER_BATCH", 1000),
        pytest.raises(UserError, match="cannot read mdl_user from Moodle") as failed,
    ):
        site.load("user")
    assert "\n" not in str(failed.value)
    assert site.state("user") == {}
    assert site.load("user").inserted == 100_000

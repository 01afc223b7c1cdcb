"""The Moodle loader on Postgres: the whole sample, every kind of change, every kind of value."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from moodle_sites import (
    BOOKKEEPING,
    DAY,
    LOG,
    NOW,
    SMALL,
    SPEC,
    Lane,
    create_tables,
    fill_small,
    small_lag,
    spec_with,
)

from ingest.errors import UserError
from ingest.moodle import backends, load
from ingest.moodle.spec import SECRET_COLUMNS
from ingest.settings import PROJECT_DIR

TRUTH = json.loads((PROJECT_DIR / "sample/moodle/moodle_small_truth.json").read_text())
FILTERED = [name for name, table in SPEC.items() if table.only]


# ---------------------------------------------------------------- the sample site


def test_every_table_of_the_sample_has_as_many_rows_as_moodle(sample_lane: Lane) -> None:
    counts = {
        f"mdl_{name}": sample_lane.value(f"select count(*) from mdl_{name}")
        for name in SPEC.keys() - set(FILTERED)
    }
    assert counts == {name: TRUTH["row_counts"].get(name, 0) for name in counts}


def test_the_log_arrives_value_for_value(sample_lane: Lane) -> None:
    columns = ", ".join(f"{name}::text" for name in SPEC[LOG].columns)
    digest = f"select md5(string_agg(md5(row({columns})::text), '' order by id)) from mdl_{LOG}"
    with psycopg.connect(sample_lane.moodle) as conn:
        expected = conn.execute(digest).fetchone()
    assert sample_lane.read(digest) == [expected]
    sums = "sum(id), sum(userid), sum(timecreated), sum(length(other)), sum(courseid)"
    found = sample_lane.read(f"select {sums} from mdl_{LOG}")[0]
    assert [int(number) for number in found] == [*TRUTH["log"]["checksums"].values()]


def test_a_second_load_and_a_full_one_change_nothing(sample_lane: Lane) -> None:
    before = sample_lane.state(*SPEC)
    assert sample_lane.load().total == 0
    assert sample_lane.load(full=True).total == 0
    assert sample_lane.state(*SPEC) == before


def test_no_secret_column_or_table_reaches_the_warehouse(sample_lane: Lane) -> None:
    found = sample_lane.read(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'raw_moodle'"
    )
    excluded = {(f"mdl_{name}", c) for name, table in SPEC.items() for c in table.exclude}
    assert not excluded & set(found)
    assert not SECRET_COLUMNS & {column for _, column in found}
    assert {table for table, _ in found} == {f"mdl_{name}" for name in SPEC}
    forbidden = ("session", "token", "password", "private_key", "config_log", "backup_controller")
    assert not [table for table, _ in found if any(word in table for word in forbidden)]


def test_only_settings_that_are_asked_for_are_loaded(sample_lane: Lane) -> None:
    only = SPEC["config"].only
    assert only is not None
    names = {name for (name,) in sample_lane.read("select name from mdl_config")}
    assert {"version", "timezone"} <= names <= set(only.values)


def test_promised_columns_have_their_promised_types(sample_lane: Lane) -> None:
    found = sample_lane.read(
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a"
        " join pg_class as c on c.oid = a.attrelid"
        " where c.relnamespace = 'raw_moodle'::regnamespace and c.relkind = 'r' and a.attnum > 0"
    )
    promised = {
        (f"mdl_{name}", column, type_)
        for name, table in SPEC.items()
        for column, type_ in table.columns.items()
    }
    assert promised <= set(found)


# ---------------------------------------------------------------- which tables


def test_a_table_of_several_files_is_counted_and_loaded_whole(lane: Lane) -> None:
    lane.in_moodle(
        "insert into mdl_user (id, firstname) select i, i::text from generate_series(100, 119) as i"
    )
    with mock.patch.object(backends, "ROWS_PER_FILE", 7):
        counted = lane.load("user").inserted
    assert lane.value("select count(*) from mdl_user") == counted
    assert lane.value("select count(*) from mdl_user where id between 100 and 119") == 20


def test_only_the_named_tables_are_loaded(lane: Lane) -> None:
    lane.load("user", "groups")
    tables = lane.read("select tablename from pg_tables where schemaname = 'raw_moodle'")
    assert sorted(tables) == [("mdl_groups",), ("mdl_user",)]


def test_an_unknown_table_is_refused_by_name(lane: Lane) -> None:
    with pytest.raises(UserError, match="no such Moodle table in the load spec: sessions"):
        lane.load("user", "sessions")


@pytest.mark.parametrize("prefix", ["m_", "", "Moodle2_"])
def test_a_site_with_another_prefix_arrives_under_the_same_names(
    database: Callable[[], str], tmp_path: Path, prefix: str
) -> None:
    other = Lane(database(), database(), tmp_path, prefix=prefix)
    with psycopg.connect(other.moodle) as conn:
        create_tables(conn, SMALL, prefix)
        fill_small(conn, prefix)
    assert other.load(*SMALL).inserted == 10 * len(SMALL)
    assert other.value("select count(*) from mdl_user") == 10


def test_a_table_an_older_moodle_lacks_is_said_and_stands_empty(lane: Lane) -> None:
    lane.load("user", "scorm_attempt")
    assert lane.said == ["not in this Moodle, skipped: scorm_attempt"]
    columns = lane.read("select column_name from information_schema.columns"
                        " where table_name = 'mdl_scorm_attempt'")  # fmt: skip
    assert {name for (name,) in columns} == {*SPEC["scorm_attempt"].columns, *BOOKKEEPING}
    assert lane.value("select count(*) from mdl_scorm_attempt") == 0


def test_a_table_that_vanished_after_it_was_loaded_keeps_its_rows(lane: Lane) -> None:
    lane.load("user", "groups")
    lane.in_moodle("drop table mdl_groups")
    assert lane.load("user", "groups").total == 0
    assert lane.said == ["gone from Moodle or no longer readable, rows are kept: groups"]
    assert lane.value("select count(*) from mdl_groups where _deleted_at is null") == 10


# ---------------------------------------------------------------- rows that change


@pytest.fixture
def loaded(lane: Lane) -> Iterator[Lane]:
    """A lane whose tables are loaded once and count as large: windows are really used."""
    with (
        small_lag(3),
        spec_with(course_modules_viewed={"lag": 3}, notifications={"lag": 3}),
    ):
        lane.load(*SMALL)
        yield lane


def test_new_rows_of_every_kind_of_table_arrive(loaded: Lane) -> None:
    first = loaded.last_load()
    for name in SMALL:
        loaded.in_moodle(f"insert into mdl_{name} (id) values (11), (12)")
    assert loaded.load(*SMALL).inserted == 2 * len(SMALL)
    assert all(loaded.changed_since(name, first) == [11, 12] for name in SMALL)


def test_rows_that_commit_after_higher_ids_are_found_within_the_lag(loaded: Lane) -> None:
    tables = ("course_modules_viewed", "notifications", "user_enrolments", "user")
    with psycopg.connect(loaded.moodle) as slow:
        for name in tables:
            slow.execute(f"insert into mdl_{name} (id) values (11)")
            loaded.in_moodle(f"insert into mdl_{name} (id) values (12), (13)")
        assert loaded.load(*tables).inserted == 2 * len(tables)
    first = loaded.last_load()
    assert loaded.load(*tables).inserted == len(tables)
    assert all(loaded.changed_since(name, first) == [11] for name in tables)


@pytest.mark.parametrize("name", ["user_enrolments", "user"])
def test_an_update_gives_a_new_load_id_to_the_changed_row_only(loaded: Lane, name: str) -> None:
    first = loaded.last_load()
    loaded.in_moodle(f"update mdl_{name} set timemodified = {NOW} where id = 4")
    counts = loaded.load(name)
    assert (counts.inserted, counts.updated, counts.deleted) == (0, 1, 0)
    assert loaded.changed_since(name, first) == [4]
    assert loaded.value(f"select timemodified from mdl_{name} where id = 4") == NOW


def test_a_touched_row_with_the_same_values_is_not_a_change(loaded: Lane) -> None:
    loaded.in_moodle(*(f"update mdl_{name} set id = id" for name in SMALL))
    assert loaded.load(*SMALL).total == 0


def test_an_append_table_takes_changes_within_the_lag(loaded: Lane) -> None:
    loaded.in_moodle(f"update mdl_notifications set timeread = {NOW} where id in (1, 9)")
    assert loaded.load("notifications").updated == 1
    assert loaded.value("select timeread from mdl_notifications where id = 9") == NOW
    assert loaded.load("notifications", full=True).updated == 1


def test_a_restored_row_with_old_times_is_found_by_its_new_id(loaded: Lane) -> None:
    loaded.in_moodle("insert into mdl_user_enrolments (id, timemodified) values (500, 1000000)")
    assert loaded.load("user_enrolments").inserted == 1


def test_a_time_in_the_future_does_not_hide_later_changes(loaded: Lane) -> None:
    loaded.in_moodle(f"update mdl_groups set timemodified = {NOW + 900 * DAY} where id = 2")
    assert loaded.load("groups").updated == 1
    loaded.in_moodle(f"update mdl_groups set name = 'x', timemodified = {NOW} where id = 3")
    assert loaded.load("groups").updated == 1


def test_a_deleted_row_is_marked_and_a_returning_one_unmarked(loaded: Lane) -> None:
    tables = ("user", "user_enrolments", "course_modules_viewed")
    for name in tables:
        loaded.in_moodle(f"create table kept_{name} as select * from mdl_{name} where id = 2",
                         f"delete from mdl_{name} where id = 2")  # fmt: skip
    first = loaded.last_load()
    assert loaded.load(*tables).deleted == len(tables)
    for name in tables:
        assert loaded.read(f"select id from mdl_{name} where _deleted_at is not null") == [(2,)]
        assert loaded.changed_since(name, first) == [2]
        loaded.in_moodle(f"insert into mdl_{name} select * from kept_{name}")
    assert loaded.load(*tables).updated == len(tables)
    for name in tables:
        assert loaded.value(f"select count(*) from mdl_{name} where _deleted_at is not null") == 0
    assert loaded.load(*tables).total == 0


def test_rows_that_moodle_prunes_are_kept(loaded: Lane) -> None:
    loaded.in_moodle("delete from mdl_notifications where id < 8")
    assert loaded.load("notifications").total == 0
    loaded.in_moodle("delete from mdl_notifications")
    assert loaded.load("notifications", full=True).total == 0
    assert loaded.value("select count(*) from mdl_notifications where _deleted_at is null") == 10


def test_a_table_emptied_completely_is_marked_completely(loaded: Lane) -> None:
    tables = ("user", "groups", "course_modules_viewed")
    loaded.in_moodle(*(f"delete from mdl_{name}" for name in tables))
    assert loaded.load(*tables).deleted == 30
    assert loaded.load(*tables).total == 0


def test_an_empty_site_loads_and_fills_later(database: Callable[[], str], tmp_path: Path) -> None:
    lane = Lane(database(), database(), tmp_path)
    with psycopg.connect(lane.moodle) as conn:
        create_tables(conn, SMALL)
    assert lane.load(*SMALL).total == 0
    assert lane.value("select count(*) from mdl_user") == 0
    with psycopg.connect(lane.moodle) as conn:
        fill_small(conn)
    assert lane.load(*SMALL).inserted == 10 * len(SMALL)


# ---------------------------------------------------------------- columns that change


def test_a_column_missing_in_moodle_is_null(lane: Lane) -> None:
    lane.in_moodle("alter table mdl_user drop column timezone")
    lane.load("user")
    assert lane.read("select count(*), count(timezone) from mdl_user") == [(10, 0)]


def test_a_missing_cursor_column_means_reading_everything(loaded: Lane) -> None:
    loaded.in_moodle("alter table mdl_groups drop column timemodified",
                     "update mdl_groups set name = 'new' where id = 1")  # fmt: skip
    loaded.load("groups")
    assert loaded.value("select name from mdl_groups where id = 1") == "new"


def test_a_plugin_column_arrives_with_its_own_name_and_type(lane: Lane) -> None:
    lane.in_moodle(
        "alter table mdl_user add \"Odd Name\" text default 'x', add credit numeric(38,19)"
        " default 1234567890123456789.1234567890123456789, add ratio real default 0.1,"
        " add photo bytea default '\\xff'",
    )
    lane.load("user")
    assert lane.read('select distinct "Odd Name", credit::text, ratio from mdl_user') == [
        ("x", "1234567890123456789.1234567890123456789", 0.1)
    ]
    photo = lane.read("select 1 from information_schema.columns where column_name = 'photo'")
    assert photo == []


@pytest.mark.parametrize("name", ["user", "user_enrolments", "course_modules_viewed"])
def test_a_column_added_later_fills_old_rows_under_views_that_stand(
    loaded: Lane, name: str
) -> None:
    with psycopg.connect(loaded.warehouse) as conn:
        conn.execute(f"create view seen as select * from raw_moodle.mdl_{name}")
    loaded.in_moodle(f"alter table mdl_{name} add column house text default 'red'")
    assert loaded.load(name).updated == 10
    assert loaded.read(f"select distinct house from mdl_{name}") == [("red",)]
    assert loaded.value("select count(*) from seen") == 10
    assert loaded.load(name).total == 0


def test_a_column_whose_values_no_longer_fit_is_one_line_and_changes_nothing(lane: Lane) -> None:
    lane.load("user", "groups")
    before = lane.state("user", "groups")
    lane.in_moodle(
        "insert into mdl_user (id) values (11)",
        "alter table mdl_groups alter column courseid type text",
        "update mdl_groups set courseid = 'maths' where id = 1",
    )
    with pytest.raises(UserError) as failed:
        lane.load("user", "groups")
    assert str(failed.value) == (
        "raw_moodle.mdl_groups: a column changed its type in the source "
        '(invalid input syntax for type bigint: "maths"); nothing was loaded'
    )
    assert lane.state("user", "groups") == before
    assert lane.landing_schemas() == []
    lane.in_moodle("update mdl_groups set courseid = '7' where id = 1")
    assert lane.load("user", "groups").total == 2


def test_a_first_load_with_values_that_do_not_fit_leaves_nothing(lane: Lane) -> None:
    lane.in_moodle("alter table mdl_groups alter column courseid type text",
                   "update mdl_groups set courseid = 'maths'")  # fmt: skip
    with pytest.raises(UserError, match="mdl_groups: a column changed its type"):
        lane.load("user", "groups")
    assert lane.state("user", "groups") == {}


# ---------------------------------------------------------------- values


TEXTS = [
    "", " ", "\\N", "\\.", "line\n\\.\nline", "a\r\nb", 'say "hi", then go', "'; drop table x; --",
    "\\\\ \\t \\", "tab\there", '""', ",,,", "Zażółć 日本語 🎓👩‍🏫", "\u202eright to left",
    "\x01\x1f\x7f",
    "x" * 100_000, "é\n" * 50_000,
]  # fmt: skip
BIGINTS = [-(2**63), -1, 0, 1, 2**53 + 1, 2**63 - 1]
DOUBLES = ["NaN", "Infinity", "-Infinity", "1e308", "5e-324", "0.1", "-0", "123456789.123456789"]


def test_every_text_arrives_as_it_was(lane: Lane) -> None:
    with psycopg.connect(lane.moodle) as conn:
        values = [(100 + i, text, None) for i, text in enumerate(TEXTS)]
        conn.cursor().executemany(
            "insert into mdl_user (id, firstname, lastname) values (%s, %s, %s)", values
        )
    lane.load("user")
    assert lane.read("select id, firstname, lastname from mdl_user where id >= 100") == values
    assert lane.load("user").total == 0


def test_every_number_arrives_as_it_was(lane: Lane) -> None:
    tables = ("grade_items", "lesson_grades")
    with psycopg.connect(lane.moodle) as conn:
        for name in tables:
            columns = SPEC[name].columns
            ddl = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
            conn.execute(f"create table mdl_{name} ({ddl})")
        conn.cursor().executemany(
            "insert into mdl_lesson_grades (id, grade) values (%s, %s)", list(enumerate(DOUBLES))
        )
        conn.execute(
            "insert into mdl_grade_items (id, grademax, courseid) values"
            " (1, 99999.99999, %s), (2, -99999.99999, %s), (3, 0.00001, %s), (4, null, null)",
            [BIGINTS[0], BIGINTS[-1], BIGINTS[-2]],
        )
    lane.load(*tables)
    query = (
        "select id, grade::text, null from mdl_lesson_grades"
        " union all select id, grademax::text, courseid::text from mdl_grade_items"
    )
    with psycopg.connect(lane.moodle) as conn:
        assert sorted(lane.read(query), key=str) == sorted(conn.execute(query), key=str)
    assert lane.load(*tables).total == 0


# ---------------------------------------------------------------- slices


def test_a_load_in_many_slices_is_the_same_as_in_one(
    sample_lane: Lane, database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "SLICE_ROWS", 700)
    sliced = Lane(sample_lane.moodle, database(), tmp_path)
    names = ("messages", "course_modules_viewed", "grade_grades_history", "user")
    sliced.load(*names)
    assert sliced.last_load() == 3
    for name in names:
        query = f"select {', '.join(SPEC[name].columns)} from mdl_{name} order by id"
        assert sliced.read(query) == sample_lane.read(query)
    assert sliced.load(*names).total == 0

"""The load spec `tables.yml`: what it may say, and that staging reads only what it promises."""

import re
from pathlib import Path

import psycopg
import pytest
from moodle_sites import SMALL, Lane

from ingest.errors import UserError
from ingest.moodle.spec import ID_LAG, read_spec
from ingest.settings import PROJECT_DIR

QUOTE = "'"
STAGING = sorted((PROJECT_DIR / "models/staging/moodle").glob("stg_moodle__*.sql"))


def spec_of(tmp_path: Path, text: str) -> str:
    """The one line a bad spec is refused with."""
    path = tmp_path / "tables.yml"
    path.write_text(text)
    with pytest.raises(UserError) as failed:
        read_spec(path)
    assert "\n" not in str(failed.value)
    return str(failed.value)


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("{load: sometimes, columns: {id: bigint}}", "user.load: Input should be 'append'"),
        ("{load: cursor, columns: {id: bigint}}", "`cursor` goes with `load: cursor`"),
        ("{load: full, cursor: t, columns: {id: bigint, t: bigint}}", "`cursor` goes with"),
        ("{load: cursor, cursor: t, columns: {id: bigint}}", "cursor t must be a bigint column"),
        ("{load: full, columns: {name: text}}", "every table needs its key `id: bigint`"),
        ("{load: full, columns: {id: text}}", "every table needs its key `id: bigint`"),
        ("{load: full, columns: {id: bigint, password: text}}", "password cannot be both"),
        ("{load: full, exclude: [a], columns: {id: bigint, a: text}}", "a cannot be both"),
        ("{load: full, colums: {id: bigint}}", "user.col"),
        ("{load: full, columns: {id: bigint, x: money}}", "user.columns.x: String should match"),
        ("{load: full, columns: {id: bigint, x: 'text); drop table y; --'}}", "user.columns.x"),
        ("{load: append, lag: -5, columns: {id: bigint}}", "user.lag"),
        ("nothing", "user: Input should be"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, entry: str, line: str) -> None:
    assert line in spec_of(tmp_path, f"tables:\n  user: {entry}\n")


@pytest.mark.parametrize("text", ["", "tables:", "tables: [user]", "tabels: {}", "tables: {a: [}"])
def test_a_file_without_tables_is_refused(tmp_path: Path, text: str) -> None:
    assert spec_of(tmp_path, text).startswith("tables.yml: no list of tables")


def test_the_defaults_are_the_documented_ones() -> None:
    spec = read_spec()
    assert (spec["messages"].lag, spec["messages"].sweep) == (ID_LAG, True)
    assert spec["user_enrolments"].lag == 86_400


def rendered(model: Path) -> str:
    """The model's SQL on raw tables; a macro call becomes a row of the columns it is given.

    Every branch of a condition stays, and a setting becomes some text.
    """
    text = re.sub(r"{{ source\('moodle', '(\w+)'\) }}", r"raw_moodle.\1", model.read_text())
    text = re.sub(r"{%.*?%}", "", text)
    text = re.sub(r"{{ epoch_to_timestamp\('(.*?)'\) }}", r"to_timestamp(\1)", text)
    text = re.sub(r"{{ \w+\((.*?)\) }}", lambda call: f"row({call[1].replace(QUOTE, '')})", text)
    return re.sub(r"{{.*?}}", "x", text)


def test_staging_models_read_only_promised_columns(lane: Lane) -> None:
    """... so they work on any Moodle, also on one that has none of the tables."""
    lane.load()
    with psycopg.connect(lane.warehouse) as conn:
        assert len(STAGING) == len(read_spec())
        for model in STAGING:
            conn.execute(f"explain {rendered(model)}")


def test_small_tables_of_the_tests_cover_every_kind_of_load(lane: Lane) -> None:
    assert {read_spec()[name].load for name in SMALL} == {"full", "cursor", "append"}

"""The enemy: every way to break the sample is caught by the tests that are meant to.

Of those of raw tables and staging no others may fail.

A copy of the built warehouse is moved to the last two months. Each break is made in a copy of its
own, and the tests of data quality run as `dbt test` runs them. What they caught is the table in
docs/data_quality.md. The tests that no break concerns have to find rows made for them.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from broken_samples import BREAKS, FRESHNESS, Break, as_table, make_recent
from dirty_rows import DIRTY
from warehouse_fixtures import Warehouse, copy_database

from ingest.postgres import EmbeddedPostgres
from ingest.settings import PROJECT_DIR

DOCS = PROJECT_DIR / "docs" / "data_quality.md"
BEGIN, END = "<!-- breaks: begin -->\n", "<!-- breaks: end -->\n"
REWRITE = "COURSEHOUSE_REWRITE_DOCS"
GOOD, BROKEN = "good_sample", "broken_sample"
# elementary remembers columns from one test to the next
KEEP_RESULTS = ("--vars", "{disable_tests_results: false}")


@pytest.fixture(scope="module")
def broken(
    warehouse: Warehouse, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """A copy of the built warehouse, moved to today, on which every test of data quality passes."""
    copy_database(postgres, warehouse.dsn, BROKEN)
    copy = Warehouse(postgres.dsn(BROKEN), tmp_path_factory.mktemp(BROKEN) / "target")
    with copy.connect() as conn:
        make_recent(conn)
    copy.parsed()
    return copy


@pytest.fixture(scope="module")
def quality(broken: Warehouse) -> dict[str, Any]:
    """The tests of data quality by name: those that store their failures or keep a history."""
    return {
        node.name: node
        for node in broken.manifest.nodes.values()
        if node.resource_type == "test"
        and (node.config.store_failures or _package(node) == "elementary")
    }


@pytest.fixture(scope="module")
def again(
    broken: Warehouse, quality: dict[str, Any], postgres: EmbeddedPostgres
) -> Callable[[], psycopg.Connection]:
    """Replaces the broken sample by one that passed every test, and connects to it."""
    broken.run("test", "--select", *quality, *KEEP_RESULTS)
    copy_database(postgres, broken.dsn, GOOD)

    def replace() -> psycopg.Connection:
        copy_database(postgres, postgres.dsn(GOOD), BROKEN)
        conn = broken.connect()
        conn.execute("set time zone 'UTC'")
        return conn

    return replace


@pytest.fixture(scope="module")
def caught(
    broken: Warehouse, quality: dict[str, Any], again: Callable[[], psycopg.Connection]
) -> dict[str, set[str]]:
    """Break -> the names of the tests that failed or warned."""
    # a break is made in the raw tables, and everything up to staging is a view on them
    early = [name for name, node in quality.items() if _reads_staging(node)]
    found = {}
    for one in BREAKS:
        with again() as conn:
            for statement in one.statements:
                conn.execute(statement)
        found[one.name] = _failed(broken, "test", "--select", *early)
        if any(name.startswith(FRESHNESS) for name in one.caught_by):
            outcome: Any = broken.dbt("source", "freshness", "--select", "source:moodle").result
            found[one.name] |= {
                f"{FRESHNESS}: {source.node.source_name}"
                for source in outcome.results
                if source.node.resource_type == "source" and source.status == "error"
            }
    return found


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.name)
def test_a_broken_sample_is_caught_by_the_tests_that_are_meant_to(
    one: Break, caught: dict[str, set[str]]
) -> None:
    assert caught[one.name] == set(one.caught_by)


def test_the_docs_show_who_caught_what(caught: dict[str, set[str]], quality: Any) -> None:
    severities = {name: node.config.severity.lower() for name, node in quality.items()}
    for name in {name for names in caught.values() for name in names} - set(severities):
        severities[name] = "error"  # sources beyond their second limit
    text = DOCS.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    table = as_table(severities)
    written = f"{before}{BEGIN}\n{table}\n\n{END}{after}"
    if os.environ.get(REWRITE):
        DOCS.write_text(written)
    assert DOCS.read_text() == written, f"{DOCS.name} is old: run this with {REWRITE}=1"


@pytest.fixture(scope="module")
def dirty(
    broken: Warehouse, quality: dict[str, Any], again: Callable[[], psycopg.Connection]
) -> set[str]:
    """The names of the tests that find the rows made for them, which are there from now on."""
    with again() as conn:
        for statement in DIRTY:
            conn.execute(statement)
    return _failed(broken, "test", "--select", *quality)


def test_every_test_of_data_quality_can_fail(
    quality: dict[str, Any], caught: dict[str, set[str]], dirty: set[str]
) -> None:
    assert set(quality) - dirty - set().union(*caught.values()) == set()


def test_failures_are_stored_and_nothing_personal_with_them(
    broken: Warehouse, dirty: set[str]
) -> None:
    assert "every_attempt_names_its_account" in dirty
    personal = {
        name
        for node in broken.manifest.nodes.values()
        for name, column in node.columns.items()
        if column.config.meta.get("pii")
    }
    assert {"user_id", "student_hash"} <= personal
    with broken.connect() as conn:
        stored = conn.execute(
            "select count(attempt_id) from dq_failures.every_attempt_names_its_account"
        ).fetchone()
        assert stored is not None and stored[0] > 10
        columns = conn.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'dq_failures'"
        ).fetchall()
    # names that are personal wherever they appear
    assert columns and {column for _, column in columns} & (personal - _plain(broken)) == set()


def test_tests_of_data_quality_say_which_fault_they_catch(quality: dict[str, Any]) -> None:
    assert [name for name, node in quality.items() if not _describes(node)] == []


def test_failures_of_package_tests_are_stored(broken: Warehouse) -> None:
    wrong = [
        node.name
        for node in broken.manifest.nodes.values()
        if node.resource_type == "test"
        and _package(node) in ("dbt_expectations", "dbt_utils")
        # keys are no tests of data quality: the house tests them on every model
        and node.test_metadata.name != "unique_combination_of_columns"
        and not (node.config.store_failures and node.schema == "dq_failures")
    ]
    assert wrong == []


def test_a_null_in_any_of_the_columns_is_found(
    broken: Warehouse, again: Callable[[], psycopg.Connection]
) -> None:
    with again() as conn:
        conn.execute(
            "update marts_learning.fact_grade set change_no = null, grader_key = null"
            " where grade_key in (select grade_key from marts_learning.fact_grade limit 3)"
        )
    outcome: Any = broken.dbt(
        "test", "--select", "fact_grade,test_name:never_null", "--store-failures"
    )
    # hooks have results, too
    (result,) = (one for one in outcome.result.results if one.node.resource_type == "test")
    assert (result.status, result.failures) == ("fail", 3)


def _failed(warehouse: Warehouse, *command: str) -> set[str]:
    """Names of the tests that failed or warned; anything else that goes wrong fails."""
    outcome: Any = warehouse.dbt(*command)
    results = getattr(outcome.result, "results", None)
    assert results, outcome.exception
    errors = [result for result in results if result.status in ("error", "skipped")]
    assert [f"{result.node.name}: {result.message}" for result in errors] == []
    return {result.node.name for result in results if result.status in ("fail", "warn")}


def _reads_staging(node: Any) -> bool:
    parents = node.depends_on.nodes
    return all(
        parent.startswith("source.") or ".stg_" in parent or parent.startswith("seed.")
        for parent in parents
    )


def _plain(warehouse: Warehouse) -> set[str]:
    """Names of columns that some model has without anything personal in them."""
    return {
        name
        for node in warehouse.manifest.nodes.values()
        for name, column in node.columns.items()
        if not column.config.meta.get("pii")
    }


def _package(node: Any) -> str | None:
    metadata = getattr(node, "test_metadata", None)
    return metadata.namespace if metadata else None


def _describes(node: Any) -> bool:
    """A description, or the comment a singular test opens with."""
    return bool(node.description) or Path(PROJECT_DIR, node.original_file_path).read_text()[:2] == (
        "--"
    )

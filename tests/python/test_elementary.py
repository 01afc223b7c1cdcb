"""The stand-in of elementary: what its tests say, and what it keeps for the report."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from elementary_cases import CASES
from elementary_house import Built, House, Result, create_house

from ingest.packages import STAND_INS
from ingest.settings import PROJECT_DIR


@pytest.mark.parametrize("name", CASES)
def test_an_anomaly_test_passes_usual_rows_and_fails_unusual_ones(name: str, built: Built) -> None:
    assert built[f"{name}_good"] == Result("pass", 0)
    assert built[f"{name}_bad"].status == "fail"
    assert built[f"{name}_bad"].failures > 0


def test_a_column_of_another_type_than_documented_is_found(built: Built, house: House) -> None:
    assert built["visits_have_their_columns"] == Result("warn", 1)
    [found] = house.rows(
        "select test_sub_type, column_name, test_results_description"
        " from elementary.elementary_test_results"
        " where test_name = 'visits_have_their_columns'"
    )
    assert found == (
        "type_changed",
        "amount",
        'The type of "amount" was changed from integer to numeric',
    )


def test_the_report_gets_the_points_of_a_metric_with_their_limits(
    built: Built, house: House
) -> None:
    points = _kept(house, "volume_bad")
    assert [point["value"] for point in points][-2:] == [103, 1000]
    assert [point["is_anomalous"] for point in points] == [False] * 12 + [True]
    usual = points[-2]
    assert usual["min_value"] < usual["value"] < usual["max_value"]


def test_one_test_of_several_metrics_has_a_result_for_each(built: Built, house: House) -> None:
    found = house.rows(
        "select column_name, test_sub_type, status from elementary.elementary_test_results"
        " where test_name = 'all_columns_bad' order by 1, 2"
    )
    status = {(column, metric): status for column, metric, status in found}
    assert status["amount", "average"] == "fail"
    assert status["amount", "null_count"] == "pass"
    assert not any(column == "note" for column, _ in status)


def test_failed_rows_are_sampled(built: Built, house: House) -> None:
    assert built["days_are_quiet"].failures > 5
    sample = _kept(house, "days_are_quiet")
    assert len(sample) == 5
    assert all(set(row) == {"day", "visits"} and row["visits"] > 103 for row in sample)


def test_no_sample_shows_personal_data(built: Built, house: House) -> None:
    assert built["emails_are_unique"].status == "warn"
    assert _kept(house, "emails_are_unique") == []
    texts = house.rows(
        "select count(*) from elementary.test_result_rows where result_row like '%example.org%'"
    )
    assert texts == [(0,)]


def test_runs_and_the_project_are_stored(built: Built, house: House) -> None:
    assert house.rows(
        "select owner, meta, depends_on_nodes from elementary.dbt_models where name = 'visits'"
    ) == [('["Ada", "Grace"]', '{"owner": "Ada, Grace"}', '["source.shop.cases.usual"]')]
    assert house.rows(
        "select count(*) from elementary.dbt_run_results"
        " where resource_type = 'model' and name like 'visits%' and status = 'success'"
    ) == [(2,)]
    assert house.rows("select command, elementary_version from elementary.dbt_invocations") == [
        ("build", "0.26.1+standin")
    ]
    assert house.rows("select owner_name from elementary.dbt_exposures") == [("Ada",)]


def test_the_same_project_is_not_stored_again(built: Built, house: House) -> None:
    stored = "select (select string_agg(ctid || xmin::text, ' ') from elementary.dbt_tests)"
    before = house.rows(stored)
    house.dbt("run", "--select", "visits_by_day")
    assert house.rows(stored) == before


def test_a_table_without_a_time_is_compared_with_earlier_runs(built: Built, house: House) -> None:
    assert built["volume_by_run"].status == "pass"
    for day, more in (("13", 0), ("14", 9_000)):
        with house.connect() as conn:
            conn.execute(
                "insert into cases.usual (amount) select 1 from generate_series(1, %s)", [more]
            )
        results = house.dbt("test", "--select", "volume_by_run", run_at=f"2025-03-{day}T12:00:00")
    assert results["volume_by_run"] == Result("fail", 1)
    # the first run had nothing to be compared with
    second, third = (point["value"] for point in _kept(house, "volume_by_run"))
    assert third - second == 9_000


def test_a_column_that_came_is_found_once(built: Built, house: House) -> None:
    assert built["visits_keep_their_columns"].status == "pass"
    with house.connect() as conn:
        conn.execute("create view shop.more as select *, 1 as extra from shop.visits")
        conn.execute("alter view shop.visits rename to less")
        conn.execute("alter view shop.more rename to visits")
    select = ("test", "--select", "visits_keep_their_columns")
    assert house.dbt(*select)["visits_keep_their_columns"] == Result("fail", 1)
    assert house.rows(
        "select test_results_description from elementary.elementary_test_results"
        " where test_name = 'visits_keep_their_columns' and test_sub_type = 'column_added'"
    ) == [('The column "extra" was added',)]
    assert house.dbt(*select)["visits_keep_their_columns"] == Result("pass", 0)


def test_a_stale_source_is_stored(built: Built, house: House) -> None:
    house.dbt("source", "freshness", "--select", "source:shop.cases.usual", may_fail=True)
    [(status, error_after)] = house.rows(
        "select status, error_after from elementary.dbt_source_freshness_results"
    )
    assert status == "error"
    assert json.loads(error_after) == {"count": 1, "period": "hour"}


def test_messages_of_the_database_are_stored_without_the_values_they_quote(
    built: Built, house: House
) -> None:
    results = house.dbt("run", "--select", "rude*", may_fail=True)
    rude = {name: result.status for name, result in results.items() if name.startswith("rude")}
    assert rude == dict.fromkeys(("rude", "rude_line", "rude_range"), "error")
    messages = house.rows("select message from elementary.dbt_run_results where name like 'rude%'")
    assert len(messages) == 3
    for (message,) in messages:
        assert "type integer" in message
        assert not {"ada@example.org", "491701234567"} & set(re.findall(r"[\w.@]+", message))


def test_nothing_is_stored_where_it_is_switched_off(built: Built, house: House) -> None:
    tables = "elementary_test_results", "test_result_rows", "dbt_run_results", "dbt_invocations"
    count = "select " + ", ".join(f"(select count(*) from elementary.{name})" for name in tables)
    before = house.rows(count)
    house.dbt(
        *("test", "--select", "days_are_quiet"),
        disable_tests_results=True,
        disable_run_results=True,
        disable_dbt_artifacts_autoupload=True,
        disable_dbt_invocation_autoupload=True,
    )
    assert house.rows(count) == before


def test_a_part_of_the_project_runs_where_nothing_can_be_stored_yet(
    new_database: Callable[[str], str], tmp_path: Path
) -> None:
    empty = create_house(
        new_database("elementary_empty"), tmp_path / "project", PROJECT_DIR / STAND_INS
    )
    results = empty.dbt("build", "--select", "visits", "visits_by_day")
    assert results["visits_by_day"].status == "success"
    assert results["days_are_quiet"].status == "fail"


def test_the_real_package_says_the_same_of_all_tables(
    built: Built, real_packages: Path, new_database: Callable[[str], str], tmp_path: Path
) -> None:
    """... and finds as many anomalies, where the README of the stand-in does not say otherwise."""
    real = create_house(new_database("elementary_real"), tmp_path / "project", real_packages)
    results = real.dbt("build", "--exclude", "rude*")
    names = [name for name, result in built.items() if result.status in ("pass", "fail", "warn")]
    assert {name: _verdict(results[name], name) for name in names} == {
        name: _verdict(built[name], name) for name in names
    }


def _verdict(result: Result, name: str) -> tuple[str, int | None]:
    is_first_run = name.startswith("dimension")  # a value that is gone counts from the second on
    return result.status, None if is_first_run else result.failures


def _kept(house: House, test: str) -> list[dict[str, Any]]:
    """Rows the latest run of a test left for the report."""
    return [
        json.loads(row)
        for (row,) in house.rows(
            "select rows.result_row from elementary.test_result_rows as rows"
            " inner join (select id from elementary.elementary_test_results"
            f" where test_name = '{test}' order by created_at desc limit 1) as latest"
            " on rows.elementary_test_results_id = latest.id order by rows.row_index"
        )
    ]

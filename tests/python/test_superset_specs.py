"""Specs of dashboards against the marts, as dbt's manifest has them. No server is needed."""

import json
import runpy
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from warehouse_fixtures import Warehouse

from ingest.dashboards.audiences import AUDIENCES, CONNECTIONS, superset_role
from ingest.dashboards.bundle import AS_OF_DATASET, LINE_COLOR, with_as_of, write_bundle
from ingest.dashboards.catalogue import Dataset, read_catalogue
from ingest.dashboards.exposures import FILE, exposures
from ingest.dashboards.lint import problems
from ingest.dashboards.server import PROGRAMS
from ingest.dashboards.spec import Dashboard, read_specs
from ingest.errors import UserError

Content = dict[str, Any]
ADDRESSES = {name: f"postgresql+psycopg2://superset_{name}@host/db" for name in CONNECTIONS}


@pytest.fixture(scope="module")
def manifest(
    new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What dbt writes when it reads the project."""
    target = tmp_path_factory.mktemp("specs")
    warehouse = Warehouse(new_database("only_parsed"), target)
    file = target / "manifest.json"
    warehouse.parsed().write(str(file))
    content: dict[str, Any] = json.loads(file.read_text())
    return content


@pytest.fixture
def catalogue(manifest: dict[str, Any], tmp_path: Path) -> dict[str, Dataset]:
    return _catalogue(manifest, tmp_path)


@pytest.fixture(scope="module")
def bundle(manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(read_specs(), _catalogue(manifest, folder), ADDRESSES, folder / "once")
    return folder / "once"


@pytest.fixture
def checked(catalogue: dict[str, Dataset]) -> Callable[[Content], list[str]]:
    """What the lint says of a dashboard with one chart, which is right but for some changes."""

    def check(changes: Content) -> list[str]:
        chart: Content = {"title": "Learners by course", "chart": "table", "by": ["course_name"]}
        chart |= {"dataset": "bi_course_completion", "metrics": ["learners"]}
        return problems([_dashboard(chart | changes)], catalogue)

    return check


def test_the_specs_agree_with_the_marts(catalogue: dict[str, Dataset]) -> None:
    assert problems(read_specs(), catalogue) == []


def test_the_exposures_are_those_of_the_specs() -> None:
    assert FILE.read_text() == exposures(read_specs()), "run `coursehouse dashboards build`"


def test_dbt_knows_each_dashboard_and_the_marts_behind_it(manifest: dict[str, Any]) -> None:
    known = {
        exposure["name"]: {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
        if exposure["name"].startswith("dashboard_")
    }
    assert known == {
        f"dashboard_{spec.slug}": {chart.dataset for chart in with_as_of(spec)}
        for spec in read_specs()
    }


def test_a_renamed_column_is_found_with_the_name_of_the_chart(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    renamed = deepcopy(manifest)
    columns = renamed["nodes"]["model.coursehouse.secure_course_group"]["columns"]
    columns["course_title"] = columns.pop("course_name") | {"name": "course_title"}
    found = problems(read_specs(), _catalogue(renamed, tmp_path))
    assert (
        "courses_progress: chart 'Courses at a glance': "
        "secure_course_group has no column course_name"
    ) in found
    assert ("courses_progress: filter 'Course': no column secure_course_group.course_name") in found


@pytest.mark.parametrize(
    ("mart", "column", "said"),
    [
        # the secure view has the metrics of the mart it is like
        (
            "secure_course_group",
            "learners_count",
            "courses_progress: chart 'Learners in courses': secure_course_group has no column"
            " learners_count, which its metric learners reads",
        ),
        (
            "retention_cohort",
            "retained_count",
            "quarterly_review: chart 'Learners who are still there after weeks (% of the cohort)':"
            " retention_cohort has no column retained_count, which its metric retention reads",
        ),
    ],
    ids=["secured", "open"],
)
def test_a_renamed_column_is_found_within_the_sql_of_metrics(
    manifest: dict[str, Any], tmp_path: Path, mart: str, column: str, said: str
) -> None:
    renamed = deepcopy(manifest)
    columns = renamed["nodes"][f"model.coursehouse.{mart}"]["columns"]
    columns["renamed"] = columns.pop(column) | {"name": "renamed"}
    assert said in problems(read_specs(), _catalogue(renamed, tmp_path))


def test_a_metric_that_is_no_sql_is_found(catalogue: dict[str, Dataset]) -> None:
    metrics = catalogue["bi_course_group"].metrics
    metrics["learners"] = metrics["learners"].model_copy(update={"expression": "sum(learners"})
    chart = {"chart": "number", "dataset": "bi_course_group", "metrics": ["learners"]}
    (said,) = problems([_dashboard(chart | {"ignores_period": "a state of now"})], catalogue)
    assert "metric learners of bi_course_group is no SQL" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"dataset": "dim_nothing"}, ["there is no mart dim_nothing"]),
        ({"metrics": ["sales"]}, ["bi_course_completion has no metric sales"]),
        ({"by": ["teacher"]}, ["bi_course_completion has no column teacher"]),
        ({"where": {"teacher": "x"}}, ["bi_course_completion has no column teacher"]),
        ({"sort": "-teacher"}, ["bi_course_completion has no column teacher"]),
        ({"time": "progress_pct"}, ["bi_course_completion.progress_pct is no date or time"]),
        ({"metrics": []}, ["a table needs metrics"]),
        ({"by": []}, ["a table needs `by`"]),
        ({"where": {"course_id": {"~": 1}}}, ["where course_id: one of"]),
        (
            {"dataset": "dim_academic_term", "metrics": [], "by": ["name"]},
            ["no column for the period", "a table needs metrics"],
        ),
    ],
    ids=str,
)
def test_what_superset_would_not_notice_is_found(
    checked: Callable[[Content], list[str]], changes: Content, said: list[str]
) -> None:
    found = checked(changes)
    assert len(found) == len(said)
    for line, part in zip(found, said, strict=True):
        assert line.startswith("trial: chart 'Learners by course': ")
        assert part in line


def test_a_chart_without_a_period_has_to_say_why(checked: Callable[[Content], list[str]]) -> None:
    """Superset would show everything and claim to have filtered."""
    nothing: Content = {"metrics": [], "by": []}
    terms = nothing | {"dataset": "dim_academic_term", "chart": "list", "columns": ["name"]}
    assert len(checked(terms)) == 1
    assert checked(terms | {"ignores_period": "terms are a calendar"}) == []


def test_two_numbers_of_one_name_are_told_apart(catalogue: dict[str, Dataset]) -> None:
    """People read labels, and the help explains each once."""
    both = ["learners", "completion_rate"]
    chart = {"chart": "table", "dataset": "bi_course_group", "metrics": both, "by": ["course_name"]}
    chart |= {"ignores_period": "a state of now"}
    assert problems([_dashboard(chart)], catalogue) == []
    metrics = catalogue["bi_course_group"].metrics
    metrics["learners"] = metrics["learners"].model_copy(update={"label": "Completion rate"})
    assert problems([_dashboard(chart)], catalogue) == [
        "trial: bi_course_group.completion_rate, bi_course_group.learners"
        " are all called 'Completion rate'"
    ]


@pytest.mark.parametrize("audience", ["teacher", "school admin"])
def test_a_teacher_is_shown_views_that_ask_who_looks(
    catalogue: dict[str, Dataset], audience: str
) -> None:
    chart = {"chart": "number", "metrics": ["learners"], "ignores_period": "a state of now"}
    for dataset, schema in (("bi_course_group", "marts_bi"), ("secure_course_group", "secure")):
        spec = _dashboard(chart | {"dataset": dataset}, audience=["analyst", audience])
        said = [line for line in problems([spec], catalogue) if "models/marts/secure" in line]
        assert catalogue[dataset].schema == schema
        assert bool(said) == (schema != "secure")


@pytest.mark.parametrize(
    ("audience", "connection"),
    [
        (["admin"], "admin"),
        (["admin", "analyst"], "analyst"),
        (["analyst", "finance", "admin"], "finance"),
        (["admin", "school admin"], "school_admin"),
        (["school admin", "teacher", "analyst"], "teacher"),
    ],
    ids=str,
)
def test_a_dashboard_reads_as_the_least_of_its_audience(
    audience: list[str], connection: str
) -> None:
    assert _dashboard({}, audience=audience).connection == connection


def test_a_viewer_reads_by_a_shared_connection_what_the_own_dashboards_show(
    catalogue: dict[str, Dataset],
) -> None:
    """School admins read as teachers do: SQL of their own would reach what only those see."""
    specs = {spec.slug: spec for spec in read_specs()}
    fewer = specs["individual_learner"].model_copy(update={"audience": ["admin", "teacher"]})
    found = problems([*(specs | {fewer.slug: fewer}).values()], catalogue)
    assert found == [
        "individual_learner: a school admin may read secure_grade, too, and does not see it here"
    ]


def test_everybody_begins_with_a_dashboard_of_the_own_role() -> None:
    landing = runpy.run_path(str(PROGRAMS / "landing.py"))["LANDING"]
    analysts = runpy.run_path(str(PROGRAMS / "viewers.py"))["ANALYSTS"]
    roles = {superset_role(audience): audience for audience in AUDIENCES}
    roles |= dict.fromkeys(analysts, "analyst")
    specs = {spec.address: spec for spec in read_specs()}
    assert landing.keys() == roles.keys()
    for role, audience in roles.items():
        assert audience in specs[landing[role]].audience, role


def test_a_secure_view_is_asked_what_its_mart_is_asked_by_the_same_names(
    catalogue: dict[str, Dataset],
) -> None:
    secured = [dataset for dataset in catalogue.values() if dataset.name.startswith("secure_")]
    assert secured
    for dataset in secured:
        if original := catalogue.get(dataset.name.replace("secure_", "bi_")):
            assert dataset.metrics == original.metrics
            assert dataset.time == original.time
            shared = dataset.columns.keys() & original.columns.keys()
            labels = [{name: d.columns[name].label for name in shared} for d in (dataset, original)]
            assert labels[0] == labels[1]
    assert catalogue["secure_course_completion"].columns["learner_code"].label == "Learner"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"titel": "x"}, "titel: Extra inputs are not permitted"),
        ({"audience": ["everybody"]}, "audience.0: Input should be"),
        ({"tabs": []}, "tabs: List should have at least 1 item"),
        (
            {
                "filters": {
                    "selects": [{"label": "A", "dataset": "x", "column": "y", "charts": "z"}]
                }
            },
            "filter 'A': no chart",
        ),
    ],
    ids=str,
)
def test_a_spec_that_is_none_is_told_in_one_line(
    tmp_path: Path, content: Content, said: str
) -> None:
    spec = _dashboard({}).model_dump(exclude={"slug"}) | content
    (tmp_path / "trial.yml").write_text(yaml.safe_dump(spec))
    with pytest.raises(UserError, match=said) as error:
        read_specs(tmp_path)
    assert str(error.value).startswith("trial.yml: ")


def test_every_chart_takes_the_period_or_is_left_out_of_the_filter(
    bundle: Path,
) -> None:
    for spec in read_specs():
        dashboard = _yaml(bundle / "dashboards" / f"{spec.slug}.yaml")
        filters = dashboard["metadata"]["native_filter_configuration"]
        excluded = set(filters[0]["scope"]["excluded"])
        places = [place for place in dashboard["position"].values() if isinstance(place, dict)]
        tiles = [place for place in places if "uuid" in place.get("meta", {})]
        ids = {tile["meta"]["uuid"]: tile["meta"]["chartId"] for tile in tiles}
        charts = [_yaml(file) for file in (bundle / "charts" / spec.slug).iterdir()]
        assert len(charts) == len(ids) == len(spec.charts) + 1
        for chart in charts:
            operators = [f["operator"] for f in chart["params"]["adhoc_filters"]]
            takes = "TEMPORAL_RANGE" in operators
            assert takes != (ids[chart["uuid"]] in excluded), chart["slice_name"]


def test_a_filter_narrows_those_after_it_and_says_what_it_is(bundle: Path) -> None:
    dashboard = _yaml(bundle / "dashboards" / "courses_progress.yaml")
    _, category, course, group = dashboard["metadata"]["native_filter_configuration"]
    assert category["cascadeParentIds"] == []
    assert course["cascadeParentIds"] == [category["id"]]
    assert group["cascadeParentIds"] == [category["id"], course["id"]]
    assert category["description"].startswith("Category at the top of its path")
    # the others count a course by the rows of all of it, which belong to no group
    tiles = dashboard["position"].values()
    titles = {t["meta"]["chartId"]: t["meta"]["sliceName"] for t in tiles if "uuid" in _meta(t)}
    assert {t for n, t in titles.items() if n not in group["scope"]["excluded"]} == {"Groups"}


def test_a_line_across_bars_is_in_a_colour_of_its_own(bundle: Path) -> None:
    dashboard = _yaml(bundle / "dashboards" / "refunds_disputes.yaml")
    lines = ("dispute_event_rate", "refund_event_rate")
    assert dashboard["metadata"]["label_colors"] == dict.fromkeys(lines, LINE_COLOR)


def test_the_same_specs_give_the_same_files(
    catalogue: dict[str, Dataset], bundle: Path, tmp_path: Path
) -> None:
    write_bundle(read_specs(), catalogue, ADDRESSES, tmp_path)
    once, twice = (
        {file.relative_to(folder): file.read_text() for file in folder.rglob("*.yaml")}
        for folder in (bundle, tmp_path)
    )
    assert once == twice


def test_metrics_of_semantic_models_come_with_their_filters(
    catalogue: dict[str, Dataset],
) -> None:
    enrolments = catalogue["fact_enrollment"].metrics["active_enrollments"]
    assert enrolments.expression.endswith("filter (where status = 'active')")
    rates = catalogue["course_completion_rates"].metrics
    assert rates["completion_rate"].expression == (
        "(sum(completed_count) filter (where denominator = 'enrolled'))::numeric"
        " / nullif(sum(eligible_count) filter (where denominator = 'enrolled'), 0)"
    )
    # a filter by another model cannot be asked of one dataset
    assert "dau" not in catalogue["student_daily_activity"].metrics


@pytest.mark.parametrize(
    ("mart", "metric", "rows", "said"),
    [
        # what is missing is not 0
        ("bi_mrr_month", "product_mrr", "(values (5), (null)) as a (mrr_reporting)", None),
        ("bi_mrr_month", "product_mrr", "(values (5), (4)) as a (mrr_reporting)", 9),
        # both are about the second activity, the first one has too few grades for a mean
        *(
            (
                "bi_grade",
                metric,
                "(values (90, null), (50, 60)) as a (grade_pct, item_average_pct)",
                n,
            )
            for metric, n in (("compared_grade", 50), ("everybodys_grade", 60), ("own_grade", 70))
        ),
    ],
    ids=["a rate is missing", "all rates", "compared", "mean of all", "own"],
)
def test_a_metric_compares_like_with_like(
    catalogue: dict[str, Dataset],
    database: Callable[[], str],
    mart: str,
    metric: str,
    rows: str,
    said: int | None,
) -> None:
    with psycopg.connect(database()) as conn:
        query = f"select {catalogue[mart].metrics[metric].expression} from {rows}"
        assert conn.execute(query.encode()).fetchone() == (said,)


def test_the_help_explains_every_number_and_names_every_mart(
    catalogue: dict[str, Dataset], bundle: Path
) -> None:
    for spec in read_specs():
        position = _yaml(bundle / "dashboards" / f"{spec.slug}.yaml")["position"]
        text = position["MARKDOWN-help"]["meta"]["code"]
        for chart in spec.charts:
            dataset = catalogue[chart.dataset]
            assert f"`{dataset.schema}.{dataset.name}`" in text
            for name in (*chart.metrics, *chart.line_metrics):
                metric = dataset.metrics[name]
                assert f"- **{metric.label}**: {metric.description}" in text


def test_every_dataset_of_a_dashboard_is_in_its_bundle_with_the_words_of_its_model(
    bundle: Path,
) -> None:
    dataset = _yaml(bundle / "datasets" / "finance" / f"{AS_OF_DATASET}.yaml")
    assert dataset["description"].startswith("Grain: one row per lane of data.")
    assert [column["column_name"] for column in dataset["columns"]] == ["lane", "as_of"]
    assert dataset["columns"][1]["is_dttm"]


def _catalogue(manifest: dict[str, Any], folder: Path) -> dict[str, Dataset]:
    file = folder / "manifest.json"
    file.write_text(json.dumps(manifest))
    return read_catalogue(file)


def _dashboard(chart: Content, audience: Sequence[str] = ("analyst",)) -> Dashboard:
    shown = {"title": "t", "chart": "number", "dataset": "x"} | chart
    return Dashboard.model_validate(
        {
            "slug": "trial",
            "title": "Trial",
            "description": "Tries.",
            "audience": list(audience),
            "data_as_of": ["learning"],
            "tabs": [{"title": "Tab", "rows": [[shown]]}],
        }
    )


def _meta(place: Any) -> Any:
    return place.get("meta", {}) if isinstance(place, dict) else {}


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text())

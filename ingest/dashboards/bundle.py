"""Superset's own YAML of databases, datasets, charts and dashboards, written from the specs.

Ids are computed from names (uuid5), so importing again finds the same objects.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from ingest.dashboards import charts
from ingest.dashboards.audiences import SECURED_CONNECTIONS, superset_role
from ingest.dashboards.axes import time_column
from ingest.dashboards.catalogue import Column, Dataset
from ingest.dashboards.help import help_text
from ingest.dashboards.layout import Layout
from ingest.dashboards.queries import query_context
from ingest.dashboards.spec import Chart, Dashboard, Select

NAMESPACE = UUID("6b0d4f3c-5a54-4a43-9d53-0c8c3f5e7a10")
VERSION = "1.0.0"
AS_OF_DATASET = "bi_data_as_of"
ROOT_SCOPE = "ROOT_ID"
ACCESS_FILE = "access.json"
SQL_LAB_CONNECTION = "analyst"
LINE_COLOR = "#FF7F44"  # the fourth of the scheme, which no bars beside a line come to

Asset = dict[str, Any]


def asset_id(kind: str, name: str) -> str:
    """The id of an asset, the same for ever."""
    return str(uuid5(NAMESPACE, f"{kind}/{name}"))


def as_of_chart(spec: Dashboard) -> Chart:
    """The tile every dashboard has: up to when its data go, by the lane that is furthest behind."""
    return Chart(
        title="Data as of (UTC)",
        chart="number",
        dataset=AS_OF_DATASET,
        metrics=["as_of"],
        where={"lane": list(spec.data_as_of)},
        ignores_period="it says up to when there are data",
        options={"header_font_size": 0.5},
    )


def with_as_of(spec: Dashboard) -> list[Chart]:
    """All charts of a dashboard, its tile included."""
    return [as_of_chart(spec), *spec.charts]


def write_bundle(
    specs: list[Dashboard],
    catalogue: dict[str, Dataset],
    addresses: dict[str, str],
    folder: Path,
) -> int:
    """Write all assets into the folder, which is emptied first; returns how many.

    `addresses` gives the SQLAlchemy address (without password) of each connection.
    """
    shutil.rmtree(folder, ignore_errors=True)
    sql_lab = f"databases/{SQL_LAB_CONNECTION}"
    assets: dict[str, Asset] = {sql_lab: _database(SQL_LAB_CONNECTION, addresses)}
    for spec in specs:
        assets[f"databases/{spec.connection}"] = _database(spec.connection, addresses)
        for chart in with_as_of(spec):
            dataset = catalogue[chart.dataset]
            name = f"datasets/{spec.connection}/{dataset.name}"
            assets[name] = _dataset(spec.connection, dataset)
            assets[f"charts/{spec.slug}/{_file(chart.title)}"] = _chart(spec, chart, dataset)
        assets[f"dashboards/{spec.slug}"] = _dashboard(spec, catalogue)
    _write(folder / "metadata.yaml", {"version": VERSION, "type": "assets"})
    (folder / ACCESS_FILE).write_text(json.dumps(_access(specs), indent=2) + "\n")
    for name, asset in assets.items():
        _write(folder / f"{name}.yaml", asset | {"version": VERSION})
    return len(assets)


def _access(specs: list[Dashboard]) -> Asset:
    """Who sees which dashboard, and which databases show rows by person; prepare.py reads it."""
    used = {spec.connection for spec in specs}
    return {
        "dashboards": {
            asset_id("dashboard", spec.slug): sorted(superset_role(a) for a in spec.audience)
            for spec in specs
        },
        "secured_databases": [
            asset_id("database", name) for name in SECURED_CONNECTIONS if name in used
        ],
        "sql_lab_database": asset_id("database", SQL_LAB_CONNECTION),
    }


def _database(connection: str, addresses: dict[str, str]) -> Asset:
    return {
        "database_name": f"Warehouse ({connection.replace('_', ' ')})",
        "uuid": asset_id("database", connection),
        "sqlalchemy_uri": addresses[connection],
        "cache_timeout": 600,
        "expose_in_sqllab": connection == SQL_LAB_CONNECTION,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {
            "engine_params": {
                "connect_args": {"application_name": "superset", "connect_timeout": 5}
            },
            "metadata_params": {},
        },
    }


def _dataset(connection: str, dataset: Dataset) -> Asset:
    return {
        "table_name": dataset.name,
        "schema": dataset.schema,
        "uuid": asset_id("dataset", f"{connection}/{dataset.name}"),
        "database_uuid": asset_id("database", connection),
        "main_dttm_col": dataset.time,
        "description": dataset.description,
        "metrics": [
            {
                "metric_name": metric.name,
                "verbose_name": metric.label,
                "expression": metric.expression,
                "description": metric.description,
                "d3format": metric.format,
            }
            for metric in dataset.metrics.values()
        ],
        "columns": [_column(column) for column in dataset.columns.values()],
    }


def _column(column: Column) -> Asset:
    return {
        "column_name": column.name,
        "verbose_name": column.label,
        "type": column.type.upper(),
        "is_dttm": column.is_time,
        "groupby": True,
        "filterable": True,
        "description": column.description,
    }


def _chart(spec: Dashboard, chart: Chart, dataset: Dataset) -> Asset:
    return {
        "slice_name": chart.title,
        "description": chart.ignores_period and f"Not by period: {chart.ignores_period}.",
        "viz_type": charts.viz_type(chart),
        "uuid": asset_id("chart", f"{spec.slug}/{chart.title}"),
        "dataset_uuid": asset_id("dataset", f"{spec.connection}/{dataset.name}"),
        "cache_timeout": spec.refresh_seconds or None,
        "params": charts.params(chart, dataset),
        "query_context": json.dumps(query_context(chart, dataset)),
    }


def _dashboard(spec: Dashboard, catalogue: dict[str, Dataset]) -> Asset:
    tile = as_of_chart(spec)
    ids = {c.title: asset_id("chart", f"{spec.slug}/{c.title}") for c in with_as_of(spec)}
    layout = Layout(spec, ids)
    position = layout.build(tile, help_text(spec, catalogue))
    everything = with_as_of(spec)
    fixed = [
        layout.chart_ids[chart.title]
        for chart in everything
        if time_column(chart, catalogue[chart.dataset]) is None
    ]
    filters = [_period(spec, fixed)]
    for select in spec.filters.selects:
        without = [
            layout.chart_ids[chart.title]
            for chart in everything
            if select.column not in catalogue[chart.dataset].columns
            or (select.charts and chart.title not in select.charts)
        ]
        filters.append(_select(spec, select, without, catalogue[select.dataset]))
    return {
        "dashboard_title": spec.title,
        "description": spec.description,
        "slug": spec.address,
        "published": True,
        "uuid": asset_id("dashboard", spec.slug),
        "position": position,
        "metadata": {
            "color_scheme": "supersetColors",
            "label_colors": _line_colors(everything),
            "cross_filters_enabled": True,
            "refresh_frequency": spec.refresh_seconds,
            "native_filter_configuration": filters,
        },
    }


def _line_colors(shown: list[Chart]) -> dict[str, str]:
    """A line across bars is in none of their colours. Pages look colours up by names of metrics."""
    lines = {metric for chart in shown for metric in chart.line_metrics}
    return dict.fromkeys(sorted(lines), LINE_COLOR)


def _filter(name: str, kind: str, excluded: list[int]) -> Asset:
    return {
        "id": _filter_id(name),
        "type": "NATIVE_FILTER",
        "name": name,
        "filterType": kind,
        "controlValues": {},
        "defaultDataMask": {},
        "cascadeParentIds": [],
        # charts a filter does not apply to do not claim it
        "scope": {"rootPath": [ROOT_SCOPE], "excluded": excluded},
    }


def _filter_id(name: str) -> str:
    return f"NATIVE_FILTER-{_file(name)}"


def _period(spec: Dashboard, excluded: list[int]) -> Asset:
    built = _filter("Period", "filter_time", excluded) | {"targets": [{}]}
    if (period := spec.filters.period) != "No filter":
        mask = {"extraFormData": {"time_range": period}, "filterState": {"value": period}}
        built["defaultDataMask"] = mask
    return built


def _select(spec: Dashboard, select: Select, excluded: list[int], source: Dataset) -> Asset:
    """Its values are those left by the selects before it of the same dataset."""
    dataset = asset_id("dataset", f"{spec.connection}/{select.dataset}")
    before = spec.filters.selects[: spec.filters.selects.index(select)]
    built = _filter(select.label, "filter_select", excluded) | {
        "description": source.columns[select.column].description,
        "cascadeParentIds": [_filter_id(s.label) for s in before if s.dataset == select.dataset],
        "targets": [{"datasetUuid": dataset, "column": {"name": select.column}}],
        "controlValues": {
            "multiSelect": select.multiple,
            "enableEmptyFilter": False,
            "searchAllOptions": True,
            "inverseSelection": False,
        },
    }
    if values := select.default:
        condition = {"col": select.column, "op": "IN", "val": values}
        label = ", ".join(str(value) for value in values)
        built["defaultDataMask"] = {
            "extraFormData": {"filters": [condition]},
            "filterState": {"value": values, "label": label},
        }
    return built


def _file(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _write(file: Path, content: Asset) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))

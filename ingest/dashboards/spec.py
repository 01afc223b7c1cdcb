"""The format of dashboard specs (`superset/dashboards/*.yml`). superset/README.md describes it."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from ingest.dashboards.audiences import Audience, connection, least
from ingest.errors import UserError
from ingest.settings import PROJECT_DIR

SPECS = PROJECT_DIR / "superset" / "dashboards"
PROJECT_FILE = PROJECT_DIR / "dbt_project.yml"
COLUMNS = 12  # of Superset's grid

Kind = Literal[
    "number",
    "number with trend",
    "line",
    "area",
    "bar",
    "horizontal bar",
    "bars and line",
    "pie",
    "table",
    "list",
    "pivot",
    "heatmap",
    "funnel",
    "histogram",
    "box plot",
    "scatter",
    "bubble",
    "gauge",
    "treemap",
    "sankey",
    "waterfall",
]
Grain = Literal["minute", "5 minutes", "hour", "day", "week", "month", "quarter", "year"]
Value = bool | int | float | str
Words = Annotated[list[str], BeforeValidator(lambda v: [v] if isinstance(v, str) else v)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Chart(_Part):
    """One chart. What a kind needs is checked by `ingest.dashboards.lint`."""

    title: str
    chart: Kind
    dataset: str = Field(description="name of the mart")
    metrics: Words = Field(default_factory=list, description="of the dataset, or names of columns")
    line_metrics: Words = Field(default_factory=list, description="bars and line: the line")
    x: str | None = Field(default=None, description="column along the axis; default: time")
    by: Words = Field(default_factory=list, description="columns that split the metrics")
    across: Words = Field(default_factory=list, description="pivot: columns from left to right")
    columns: Words = Field(default_factory=list, description="list: columns to show")
    time: str | None = Field(default=None, description="default: the dataset's time column")
    ignores_period: str | None = Field(default=None, description="why the period cannot apply")
    grain: Grain = "month"
    where: dict[str, Any] = Field(default_factory=dict)
    sort: str | None = Field(default=None, description="column or metric; `-` in front: descending")
    limit: int = Field(default=1000, ge=1, le=10_000)
    stacked: bool = False
    note: str | None = Field(default=None, description="number: the line below it")
    axis: str | None = Field(default=None, description="title of the axis of values, with unit")
    options: dict[str, Any] = Field(default_factory=dict, description="Superset's own parameters")
    width: int | None = Field(default=None, ge=1, le=COLUMNS)
    height: int | None = Field(default=None, ge=4, le=200, description="in units of 8 pixels")


class Tab(_Part):
    """Rows of charts under one title."""

    title: str
    text: str | None = Field(default=None, description="Markdown above the charts")
    rows: list[list[Chart]] = Field(min_length=1)


class Select(_Part):
    """A filter by the values of a column, for every chart whose dataset has the column."""

    label: str
    dataset: str = Field(description="where its values come from")
    column: str
    default: list[Value] = Field(default_factory=list)
    multiple: bool = True
    charts: Words = Field(default_factory=list, description="titles; default: all with the column")


class Filters(_Part):
    """Filters of a dashboard. The period is always there."""

    period: str = "No filter"
    selects: list[Select] = Field(default_factory=list)


class Dashboard(_Part):
    """One dashboard. `slug` is the name of its file."""

    slug: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    description: str
    audience: list[Audience] = Field(min_length=1)
    data_as_of: Words = Field(min_length=1, description="lanes of bi_data_as_of")
    refresh_seconds: int = Field(default=0, ge=0)
    filters: Filters = Filters()
    tabs: list[Tab] = Field(min_length=1)

    @model_validator(mode="after")
    def _selects_name_charts(self) -> Self:
        titles = {chart.title for chart in self.charts}
        for select in self.filters.selects:
            if missing := set(select.charts) - titles:
                raise ValueError(f"filter {select.label!r}: no chart {sorted(missing)}")
        return self

    @property
    def connection(self) -> str:
        """As whom it reads the warehouse."""
        return connection(least(self.audience))

    @property
    def address(self) -> str:
        """Last part of its address in Superset."""
        return self.slug.replace("_", "-")

    @property
    def charts(self) -> list[Chart]:
        """All of them, in order."""
        return [chart for tab in self.tabs for row in tab.rows for chart in row]


def read_specs(folder: Path = SPECS) -> list[Dashboard]:
    """All specs by name; the first one that is not usable is a `UserError`."""
    specs = [_read(file) for file in sorted(folder.glob("*.yml"))]
    if not specs:
        raise UserError(f"there is no spec of a dashboard in {folder}")
    return specs


def _read(file: Path) -> Dashboard:
    text = file.read_text().replace("{reporting_currency}", _reporting_currency())
    try:
        content = yaml.safe_load(text)
        return Dashboard.model_validate({"slug": file.stem, **content})
    except (yaml.YAMLError, TypeError) as error:
        raise UserError(f"{file.name} is no YAML of a dashboard: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{file.name}: {place}: {first['msg']}") from None


@cache
def _reporting_currency() -> str:
    """What amounts are in, by the var of the project: titles have to name the unit."""
    currency: str = yaml.safe_load(PROJECT_FILE.read_text())["vars"]["reporting_currency"]
    return currency

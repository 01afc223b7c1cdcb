"""The tab Help of a dashboard: what its numbers mean, in the words of the models."""

from ingest.dashboards.catalogue import Dataset
from ingest.dashboards.spec import Dashboard


def help_text(spec: Dashboard, catalogue: dict[str, Dataset]) -> str:
    """Markdown: the metrics and columns of the dashboard's charts, then their marts."""
    used = list(dict.fromkeys(chart.dataset for chart in spec.charts))
    metrics: dict[str, str] = {}
    columns: dict[str, str] = {}
    fixed = [chart for chart in spec.charts if chart.ignores_period]
    for chart in spec.charts:
        dataset = catalogue[chart.dataset]
        for name in (*chart.metrics, *chart.line_metrics):
            metrics[dataset.metrics[name].label] = dataset.metrics[name].description
        for name in (*chart.by, *chart.across, *chart.columns, *([chart.x] if chart.x else [])):
            columns[dataset.columns[name].label] = dataset.columns[name].description
    parts = [
        "## What the numbers mean",
        *_terms(metrics),
        "## By what they are split",
        *_terms(columns),
    ]
    if fixed:
        parts += ["## What the period does not change"]
        parts += [f"- **{chart.title}**: {chart.ignores_period}." for chart in fixed]
    parts += ["## Where they come from"]
    parts += [f"- `{catalogue[n].schema}.{n}`: {catalogue[n].description}" for n in used]
    return "\n".join(parts)


def _terms(terms: dict[str, str]) -> list[str]:
    return [f"- **{label}**: {terms[label]}" for label in sorted(terms)]

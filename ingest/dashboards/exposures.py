"""Exposures of dbt: which marts each dashboard reads, written from the same specs."""

from typing import Any

import yaml

from ingest.dashboards.audiences import group
from ingest.dashboards.bundle import asset_id, with_as_of
from ingest.dashboards.spec import Dashboard
from ingest.settings import PROJECT_DIR, SUPERSET_PORT

FILE = PROJECT_DIR / "models" / "exposures" / "dashboards.yml"
HEADER = "# Written by `coursehouse dashboards build` from superset/dashboards/*.yml.\n"


def exposures(specs: list[Dashboard]) -> str:
    """The text of models/exposures/dashboards.yml."""
    content = {"version": 2, "exposures": [_exposure(spec) for spec in specs]}
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=96)


def _exposure(spec: Dashboard) -> dict[str, Any]:
    marts = sorted({chart.dataset for chart in with_as_of(spec)})
    return {
        "name": f"dashboard_{spec.slug}",
        "label": spec.title,
        "type": "dashboard",
        "maturity": "high",
        "url": f"http://127.0.0.1:{SUPERSET_PORT}/superset/dashboard/{spec.address}/",
        "description": " ".join(spec.description.split()),
        "depends_on": [f"ref('{mart}')" for mart in marts],
        "owner": {"name": "data-team", "email": "data-team@example.org"},
        "config": {
            "meta": {
                "superset_uuid": asset_id("dashboard", spec.slug),
                "audience": list(spec.audience),
                "readers": [group(spec.connection)],
            }
        },
    }

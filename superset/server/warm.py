"""Ask every chart's query once, so that nobody waits for the first one after a build.

Prints one JSON object on its last line: {"took": [[seconds, dashboard, chart], ...], the slowest
first, "failed": [[dashboard, chart, reason], ...]}.
"""

import json
import time
from typing import Any

from superset.app import create_app

ADMIN = "admin"


def main() -> dict[str, Any]:
    """All charts of all dashboards, past Superset's cache and into it."""
    from superset import security_manager
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.utils.core import override_user

    took: list[tuple[float, str, str]] = []
    failed: list[tuple[str, str, str]] = []
    with override_user(security_manager.find_user(ADMIN)):
        for dashboard in db.session.query(Dashboard).order_by(Dashboard.id):
            for chart in dashboard.slices:
                started = time.monotonic()
                if reason := ask(chart):
                    failed.append((dashboard.dashboard_title, chart.slice_name, reason))
                seconds = round(time.monotonic() - started, 3)
                took.append((seconds, dashboard.dashboard_title, chart.slice_name))
    return {"took": sorted(took, reverse=True), "failed": failed}


def ask(chart: Any) -> str | None:
    """Run the chart's query; returns why it failed."""
    from superset.commands.chart.warm_up_cache import ChartWarmUpCacheCommand

    done = ChartWarmUpCacheCommand(chart, None, None).run()
    return str(done["viz_error"]) if done["viz_error"] else None


if __name__ == "__main__":
    app = create_app()
    with app.test_request_context():
        print(json.dumps(main()))

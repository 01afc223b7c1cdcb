"""Ask every chart's query once, so that nobody waits for the first one after a build.

warm.py LOGIN: as whom; somebody who is not the administrator asks the charts of the own dashboards.

Prints one JSON object on its last line: {"took": [[seconds, dashboard, chart], ...], the slowest
first, "failed": [[dashboard, chart, reason], ...]}.
"""

import json
import sys
import time
from typing import Any

from superset.app import create_app


def main(login: str) -> dict[str, Any]:
    """All charts of all dashboards the person sees, past Superset's cache and into it."""
    from superset import security_manager
    from superset.daos.dashboard import DashboardDAO
    from superset.utils.core import override_user

    person = security_manager.find_user(login)
    if person is None:
        raise SystemExit(f"nobody is called {login} here")
    took: list[tuple[float, str, str]] = []
    failed: list[tuple[str, str, str]] = []
    with override_user(person):
        for dashboard in sorted(DashboardDAO.find_all(), key=lambda found: found.id):
            for chart in dashboard.slices:
                started = time.monotonic()
                if reason := ask(chart, dashboard.id):
                    failed.append((dashboard.dashboard_title, chart.slice_name, reason))
                seconds = round(time.monotonic() - started, 3)
                took.append((seconds, dashboard.dashboard_title, chart.slice_name))
    return {"took": sorted(took, reverse=True), "failed": failed}


def ask(chart: Any, dashboard: int) -> str | None:
    """Run the chart's query as its dashboard does; returns why it failed."""
    from superset.commands.chart.data.get_data_command import ChartDataCommand

    query = chart.get_query_context()
    query.force = True
    query.form_data = {"slice_id": chart.id, "dashboardId": dashboard}
    command = ChartDataCommand(query)
    try:
        command.validate()
        command.run()
    except Exception as error:  # whatever it is, the next chart may do better
        return str(error)
    return None


if __name__ == "__main__":
    app = create_app()
    with app.test_request_context():
        print(json.dumps(main(sys.argv[1])))

"""Ask every chart's query once, so that nobody waits for the first one after a build.

warm.py LOGIN [--queries]: as whom; somebody who is not the administrator asks the charts of the own
dashboards.

Prints one JSON object on its last line: {"took": [[seconds, dashboard, chart], ...], the slowest
first, "failed": [[dashboard, chart, reason], ...]}; with --queries each that took a time has a list
of its SQL, too.
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
    took: list[tuple[float, str, str, list[str]]] = []
    failed: list[tuple[str, str, str]] = []
    with override_user(person):
        for dashboard in sorted(DashboardDAO.find_all(), key=lambda found: found.id):
            for chart in dashboard.slices:
                named = dashboard.dashboard_title, chart.slice_name
                queries: list[str] = []
                started = time.monotonic()
                try:
                    queries = ask(chart, dashboard.id)
                except Exception as error:  # whatever it is, the next chart may do better
                    failed.append((*named, str(error)))
                took.append((round(time.monotonic() - started, 3), *named, queries))
    return {"took": sorted(took, reverse=True), "failed": failed}


def ask(chart: Any, dashboard: int) -> list[str]:
    """Run the chart's queries as its dashboard does; their SQL. Raises what Superset does."""
    from superset.commands.chart.data.get_data_command import ChartDataCommand

    context = chart.get_query_context()
    context.force = True
    context.form_data = {"slice_id": chart.id, "dashboardId": dashboard}
    command = ChartDataCommand(context)
    command.validate()
    return [result["query"] for result in command.run()["queries"]]


if __name__ == "__main__":
    app = create_app()
    with app.test_request_context():
        report = main(sys.argv[1])
        if "--queries" not in sys.argv[2:]:
            report["took"] = [entry[:3] for entry in report["took"]]
        print(json.dumps(report))

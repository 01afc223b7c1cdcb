"""Where somebody begins: with the dashboard of the own role, not with what was seen last."""

from typing import Any

# the first role a viewer has counts; addresses of dashboards the role sees
LANDING = {
    "Coursehouse admin": "executive",
    "Coursehouse product manager": "sales-funnel",
    "Coursehouse data engineer": "data-quality",
    "Coursehouse ML engineer": "at-risk-learners",
    "Coursehouse analyst": "courses-progress",
    "Coursehouse finance": "course-revenue",
    "Coursehouse school admin": "courses-progress",
    "Coursehouse teacher": "at-risk-learners",
}
WELCOME = "/superset/welcome"


def land_on_dashboards(app: Any) -> None:
    """Send on who opens the first page. Who has none of these roles administers, and stays."""
    from flask import redirect, request, url_for
    from flask_login import current_user

    def land() -> Any:
        if request.path.rstrip("/") != WELCOME or current_user.is_anonymous:
            return None
        roles = {role.name for role in current_user.roles}
        address = next((LANDING[name] for name in LANDING if name in roles), None)
        return address and redirect(url_for("Superset.dashboard", dashboard_id_or_slug=address))

    app.before_request(land)

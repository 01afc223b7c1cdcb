"""Who may do what in Superset: a role per audience, the dashboards it sees, and whose rows."""

import json
from pathlib import Path
from typing import Any

from viewers import ANALYSTS, COURSES_OF_THE_VIEWER, SEE_EVERYTHING

ROLES = [
    *ANALYSTS,
    *(f"Coursehouse {audience}" for audience in ("admin", "finance", "teacher", "school admin")),
]
# a dashboard takes these; which ones somebody sees, and their data, follows from its roles
VIEWER = [
    ("can_read", "Dashboard"),
    ("can_read", "Chart"),
    ("can_read", "Dataset"),
    ("can_read", "Theme"),
    ("can_read", "CurrentUserRestApi"),
    # the own password, and the page that changes it
    ("can_write", "CurrentUserRestApi"),
    ("can_read", "user"),
    ("can_read", "SecurityRestApi"),
    ("can_read", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardFilterStateRestApi"),
    ("can_read", "DashboardPermalinkRestApi"),
    ("can_write", "DashboardPermalinkRestApi"),
    ("can_dashboard", "Superset"),
    ("can_time_range", "Api"),
    ("can_external_metadata", "Datasource"),
    ("can_recent_activity", "Log"),
    ("menu_access", "Dashboards"),
]
# roles of Superset whose permissions analysts have, too: charts of their own, and SQL Lab
ANALYST_IS = ("Gamma", "sql_lab")
RULE = "Courses of the viewer"


def read_access(bundle: Path) -> dict[str, Any]:
    """What `ingest/dashboards/bundle.py` wrote of audiences; see there."""
    found: dict[str, Any] = json.loads((bundle / "access.json").read_text())
    return found


def sync_roles(security_manager: Any, access: dict[str, Any]) -> None:
    """Give each audience's role exactly its permissions."""
    for name in ROLES:
        role = security_manager.add_role(name)
        wanted = {_permission(security_manager, *pair) for pair in VIEWER}
        if name in ANALYSTS:
            for other in ANALYST_IS:
                wanted |= set(security_manager.find_role(other).permissions)
            database = _database(access["sql_lab_database"])
            wanted.add(_permission(security_manager, "database_access", database.perm))
        if set(role.permissions) != wanted:
            role.permissions = list(wanted)
    _session().commit()


def sync_dashboards(security_manager: Any, access: dict[str, Any]) -> None:
    """Show each dashboard to its audience and nobody else but administrators."""
    from superset.models.dashboard import Dashboard

    for dashboard in _session().query(Dashboard).all():
        names = access["dashboards"].get(str(dashboard.uuid))
        if names is None:
            continue
        wanted = {*names, *(ANALYSTS if not set(names).isdisjoint(ANALYSTS) else ())}
        if {role.name for role in dashboard.roles} != wanted:
            dashboard.roles = [security_manager.find_role(name) for name in sorted(wanted)]
    _session().commit()


def sync_rows(security_manager: Any, access: dict[str, Any]) -> None:
    """One rule for every dataset about courses of a secured connection."""
    from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable
    from superset.utils.core import RowLevelSecurityFilterType

    secured = [
        table
        for table in _session().query(SqlaTable).all()
        if str(table.database.uuid) in access["secured_databases"]
        and any(column.column_name == "course_id" for column in table.columns)
    ]
    rules = _session().query(RowLevelSecurityFilter)
    rule = rules.filter_by(name=RULE).one_or_none() or RowLevelSecurityFilter(name=RULE)
    rule.description = "Written by coursehouse dashboards deploy."
    # base: it holds for everybody without one of these roles
    rule.filter_type = RowLevelSecurityFilterType.BASE.value
    rule.roles = [security_manager.find_role(name) for name in SEE_EVERYTHING]
    rule.tables = secured
    rule.clause = COURSES_OF_THE_VIEWER
    rule.group_key = RULE
    _session().add(rule)
    _session().commit()


def _permission(security_manager: Any, action: str, on: str) -> Any:
    """One that is there: Superset would make any it is asked to add, to no effect."""
    found = security_manager.find_permission_view_menu(action, on)
    if found is None:
        raise SystemExit(f"this Superset has no permission {action} on {on}")
    return found


def _database(uuid: str) -> Any:
    from superset.models.core import Database

    return _session().query(Database).filter_by(uuid=uuid).one()


def _session() -> Any:
    from superset.extensions import db

    return db.session

"""Bring a Superset up to date in one process: its tables, roles, first user and assets.

One process, because every start of the application costs ten seconds. Prints one JSON object on
its last line: {"admin_password": ..., "created": n, "changed": n, "unchanged": n, "removed": n}.

prepare.py BUNDLE: folder of the YAML files `coursehouse dashboards build` writes.
"""

import json
import os
import re
import secrets
import sys
from pathlib import Path
from typing import Any

from access import read_access, sync_dashboards, sync_roles, sync_rows
from superset.app import create_app

# what a bundle may hold, in the order in which it has to be deleted
KINDS = ("dashboards", "charts", "datasets", "databases")
ADMIN = "admin"
# change whenever something is saved, or are numbers that differ from one Superset to another
VOLATILE = {
    "id",
    "changed_on",
    "created_on",
    "changed_by_fk",
    "created_by_fk",
    "last_saved_at",
    "last_saved_by_fk",
}
# a page that an administrator opens keeps the colours it chose with the dashboard
CHOSEN_BY_PAGES = {
    "color_scheme_domain",
    "label_colors",
    "map_label_colors",
    "shared_label_colors",
}

app = create_app()


def main(bundle: Path) -> dict[str, Any]:
    """All steps; safe to repeat. Dashboards are shown to nobody before their roles are set."""
    from flask_migrate import upgrade

    with app.app_context():
        upgrade()
    with app.app_context():
        from superset import appbuilder, security_manager
        from superset.utils.core import override_user

        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        password = ensure_admin(security_manager)
        access = read_access(bundle)
        with override_user(security_manager.find_user(ADMIN)):
            counts = import_assets(bundle)
        sync_roles(security_manager, access)
        sync_dashboards(security_manager, access)
        sync_rows(security_manager, access)
        return {"admin_password": password, **counts}


def ensure_admin(security_manager: Any) -> str | None:
    """Create the first user, or give it the password of the environment.

    Returns a generated password, which is kept nowhere else.
    """
    wanted = os.environ.get("COURSEHOUSE_SUPERSET_ADMIN_PASSWORD") or None
    user = security_manager.find_user(ADMIN)
    if user:
        if wanted:
            security_manager.reset_password(user.id, wanted)
        return None
    password = wanted or secrets.token_urlsafe(16)
    role = security_manager.find_role("Admin")
    user = security_manager.add_user(
        ADMIN, "Admin", "Coursehouse", "admin@localhost", role, password
    )
    if not user:
        raise SystemExit("the user admin could not be created")
    return None if wanted else password


def import_assets(bundle: Path) -> dict[str, int]:
    """Make Superset hold exactly the bundle's assets, among those it has from bundles."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.extensions import db

    contents = read_bundle(bundle, os.environ.get("COURSEHOUSE_SUPERSET_WAREHOUSE"))
    before = {kind: state(kind) for kind in KINDS}
    try:
        ImportAssetsCommand(contents).run()
    except Exception as error:
        raise SystemExit(f"Superset refuses the assets: {reasons(error)}") from error
    wanted = uuids(contents)
    removed = remove_stale(wanted)
    db.session.commit()
    after = {kind: state(kind) for kind in KINDS}
    verify(after, wanted)
    counts = {"created": 0, "changed": 0, "unchanged": 0, "removed": removed}
    for kind in KINDS:
        for uuid in wanted[kind]:
            old = before[kind].get(uuid)
            is_same = old == after[kind][uuid]
            counts["created" if old is None else "unchanged" if is_same else "changed"] += 1
    return counts


def read_bundle(folder: Path, warehouse: str | None) -> dict[str, str]:
    """Name -> text of each file; `warehouse` (host and port) replaces that of the databases."""
    contents = {}
    for file in sorted(folder.rglob("*.yaml")):
        name, text = str(file.relative_to(folder)), file.read_text()
        if warehouse and name.startswith("databases/"):
            text = re.sub(r"(sqlalchemy_uri: .*@)[^@/]+/", rf"\g<1>{warehouse}/", text)
        contents[name] = text
    return contents


def uuids(contents: dict[str, str]) -> dict[str, set[str]]:
    """The ids of a bundle by kind."""
    import yaml

    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for name, text in contents.items():
        kind = name.split("/")[0]
        if kind in found:
            found[kind].add(yaml.safe_load(text)["uuid"])
    return found


def models() -> dict[str, Any]:
    """The tables of Superset behind each kind."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    return dict(zip(KINDS, (Dashboard, Slice, SqlaTable, Database), strict=True))


def state(kind: str) -> dict[str, dict[str, Any]]:
    """uuid -> everything of an asset that an import could change."""
    from superset.extensions import db

    found = {}
    for asset in db.session.query(models()[kind]).all():
        values = _row(asset)
        if kind == "datasets":
            values["columns"] = sorted((_row(c) for c in asset.columns), key=json.dumps)
            values["metrics"] = sorted((_row(m) for m in asset.metrics), key=json.dumps)
        if kind == "dashboards":
            values["charts"] = sorted(str(chart.uuid) for chart in asset.slices)
            values["json_metadata"] = _settings(asset.json_metadata)
        found[str(asset.uuid)] = values
    return found


def _settings(json_metadata: str | None) -> str:
    settings = json.loads(json_metadata or "{}")
    return json.dumps({name: settings[name] for name in settings if name not in CHOSEN_BY_PAGES})


def _row(asset: Any) -> dict[str, Any]:
    columns = asset.__table__.columns.keys()
    return {name: str(getattr(asset, name, None)) for name in columns if name not in VOLATILE}


def remove_stale(wanted: dict[str, set[str]]) -> int:
    """Delete what earlier bundles brought and this one lacks; what people made themselves stays.

    Ids of bundles are computed from names (version 5), those of people are random (version 4).
    """
    from superset.extensions import db

    removed = 0
    for kind in KINDS:
        for asset in db.session.query(models()[kind]).all():
            if asset.uuid.version == 5 and str(asset.uuid) not in wanted[kind]:
                db.session.delete(asset)
                removed += 1
        db.session.flush()
    return removed


def verify(found: dict[str, dict[str, Any]], wanted: dict[str, set[str]]) -> None:
    """The import reports success for charts it left out, so look."""
    for kind in KINDS:
        if missing := wanted[kind] - set(found[kind]):
            raise SystemExit(f"Superset took {kind} without {sorted(missing)}")
    placed = {
        uuid
        for dashboard in wanted["dashboards"]
        for uuid in found["dashboards"][dashboard]["charts"]
    }
    if lost := wanted["charts"] - placed:
        raise SystemExit(f"these charts are on no dashboard: {sorted(lost)}")


def reasons(error: Exception) -> str:
    """What Superset knows about it, down to the file and the field."""
    cause = error.__cause__ or error
    messages = getattr(cause, "normalized_messages", None)
    return json.dumps(messages()) if messages else f"{type(cause).__name__}: {cause}"


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))

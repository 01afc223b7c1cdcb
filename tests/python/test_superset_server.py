"""Superset as it is served: what is deployed, and what it refuses."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, LiteralString

import httpx
import plain_http
import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from superset_server import Superset

from ingest.dashboards.audiences import CONNECTIONS, group, login
from ingest.dashboards.catalogue import read_catalogue
from ingest.dashboards.commands import BUNDLE, require_built
from ingest.dashboards.logins import METADATA, ensure_readers
from ingest.dashboards.secret_state import secret
from ingest.dashboards.server import PROGRAMS, SupersetServer
from ingest.dashboards.spec import read_specs
from ingest.errors import UserError
from ingest.postgres import warehouse_dsn
from ingest.settings import PROJECT_DIR, Settings

# what a role holds on relations, schemas, and what is built later
HELD: LiteralString = """
    select relname::text from pg_class, aclexplode(relacl) as a where a.grantee = %s::regrole
    union all
    select nspname from pg_namespace, aclexplode(nspacl) as a where a.grantee = %s::regrole
    union all
    select 'later' from pg_default_acl, aclexplode(defaclacl) as a where a.grantee = %s::regrole
"""
MANIFEST = PROJECT_DIR / "target" / "manifest.json"


def test_a_second_deployment_changes_nothing(superset: Superset) -> None:
    assets = sum(1 for file in BUNDLE.rglob("*.yaml") if file.name != "metadata.yaml")
    assert f"{assets} assets created, 0 changed, 0 unchanged, 0 removed" in superset.output
    colours = {"color_scheme_domain": ["#1FA8C9"], "map_label_colors": {"Biology": "#1FA8C9"}}
    for dashboard in superset.api().all("dashboard"):  # what a page does that somebody opens
        path = f"/dashboard/{dashboard['id']}/colors"
        superset.api().client.put(path, json=colours).raise_for_status()
    again = superset.demo.run("dashboards", "deploy")
    assert again.returncode == 0, again.stderr
    assert f"0 assets created, 0 changed, {assets} unchanged, 0 removed" in again.stdout
    assert "password" not in again.stdout


def test_serving_again_finds_everything_in_place(superset: Superset) -> None:
    again = superset.demo.run("dashboards", "serve")
    assert again.stdout.startswith("Superset was running already on http://127.0.0.1:")


def test_what_runs_with_other_settings_is_started_anew(superset: Superset) -> None:
    """An upgrade reaches the pages people look at, not only the folder of the project."""
    settings = superset.demo.settings()
    assert not SupersetServer(settings).stop_outdated()
    other = settings.model_copy(update={"superset_workers": settings.superset_workers + 1})
    try:
        assert SupersetServer(other).stop_outdated()
        assert SupersetServer(settings).find() is None
    finally:
        again = superset.demo.run("dashboards", "serve")
    assert again.stdout.startswith("Superset is running on http://127.0.0.1:")


def test_what_left_the_specs_is_removed_and_what_people_made_stays(
    superset: Superset, tmp_path: Path
) -> None:
    server = SupersetServer(superset.demo.settings())
    api = superset.api()
    own = api.post("/dashboard/", {"dashboard_title": "Made by hand"})["id"]
    fewer = tmp_path / "bundle"
    shutil.copytree(BUNDLE, fewer)
    (fewer / "dashboards" / "executive.yaml").unlink()
    shutil.rmtree(fewer / "charts" / "executive")
    try:
        without = server.prepare(fewer)
        assert without.removed == 1 + len(list((BUNDLE / "charts" / "executive").iterdir()))
        titles = {dashboard["dashboard_title"] for dashboard in api.all("dashboard")}
        assert "Executive" not in titles
        assert "Made by hand" in titles
    finally:
        restored = server.prepare(BUNDLE)
        api.client.delete(f"/dashboard/{own}").raise_for_status()
    assert (restored.created, restored.removed) == (without.removed, 0)


def test_a_bundle_superset_does_not_take_is_an_error_that_names_the_file(
    superset: Superset, tmp_path: Path
) -> None:
    broken = tmp_path / "bundle"
    shutil.copytree(BUNDLE, broken)
    file = next((broken / "charts" / "executive").iterdir())
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"uuid": "none"}))
    with pytest.raises(Exception, match=file.name):
        SupersetServer(superset.demo.settings()).prepare(broken)


def test_a_metric_the_warehouse_cannot_compute_is_an_error_that_names_it(
    superset: Superset,
) -> None:
    settings, specs, catalogue = superset.demo.settings(), read_specs(), read_catalogue(MANIFEST)
    require_built(settings, specs, catalogue)
    metrics = catalogue["secure_course_group"].metrics
    metrics["learners"] = metrics["learners"].model_copy(update={"expression": "sum(group_name)"})
    with pytest.raises(UserError, match="metric learners of secure_course_group: function sum"):
        require_built(settings, specs, catalogue)


def test_every_dashboard_is_there_with_all_its_charts(superset: Superset) -> None:
    api = superset.api()
    found = {dashboard["slug"]: dashboard["id"] for dashboard in api.all("dashboard")}
    for spec in read_specs():
        charts = api.get(f"/dashboard/{found[spec.address]}/charts")["result"]
        assert len(charts) == len(spec.charts) + 1  # data as of


def test_who_guesses_passwords_has_to_wait(superset: Superset) -> None:
    """From an address of its own, so that nobody else has to."""
    transport = httpx.HTTPTransport(local_address="127.0.0.7")
    with httpx.Client(base_url=superset.url, transport=transport, timeout=60) as stranger:
        login = {"username": "admin", "password": "wrong", "provider": "db"}
        answers = [
            stranger.post("/api/v1/security/login", json=login).status_code for _ in range(12)
        ]
        assert answers[0] == 401
        assert answers[-1] == 429
        right = stranger.post(
            "/api/v1/security/login", json=login | {"password": superset.password}
        )
        assert right.status_code == 429
    superset.api()  # whoever else knows the password comes in


def test_the_form_of_the_login_is_throttled_too(superset: Superset) -> None:
    transport = httpx.HTTPTransport(local_address="127.0.0.8")
    with httpx.Client(base_url=superset.url, transport=transport, timeout=60) as stranger:
        form = {"username": "admin", "password": "wrong"}
        answers = [stranger.post("/login/", data=form).status_code for _ in range(12)]
        assert answers[-1] == 429


def test_pages_load_nothing_from_elsewhere(superset: Superset) -> None:
    """The interface carries a telemetry pixel: its policy forbids it."""
    policy = plain_http.get(f"{superset.url}/login/").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["img-src"] == "'self' blob: data:"
    assert rules["connect-src"] == "'self'"
    assert "http" not in policy


def test_other_sites_may_not_read_answers_nor_frame_pages(superset: Superset) -> None:
    answer = plain_http.get(
        f"{superset.url}/login/", headers={"Origin": "https://elsewhere.example"}
    )
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    cookies = answer.headers.get_list("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_without_a_login_there_is_nothing_to_see(superset: Superset) -> None:
    assert plain_http.get(f"{superset.url}/api/v1/chart/").status_code == 401
    assert plain_http.get(f"{superset.url}/superset/dashboard/executive/").status_code == 302
    assert plain_http.get(f"{superset.url}/swagger/v1").status_code == 404


def test_what_the_login_page_reports_does_not_end_the_session_begun_on_it(
    superset: Superset,
) -> None:
    """Its answer may come after the login: a session in it would take the place of the new one."""
    with httpx.Client(base_url=superset.url, timeout=60) as visitor:
        visitor.get("/login/").raise_for_status()
        answer = visitor.post("/superset/log/?explode=events", data={"events": "[]"})
    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers


def test_no_query_returns_more_rows_than_the_limit(superset: Superset) -> None:
    api = superset.api()
    dataset = next(d for d in api.all("dataset") if d["table_name"] == "bi_course_group")
    query = {"columns": ["course_id"], "row_limit": 10_000_000}
    answer = api.post("/chart/data", _asked(dataset["id"], query))
    assert "LIMIT 50000" in answer["result"][0]["query"]


def test_sql_lab_cannot_write(superset: Superset) -> None:
    api = superset.api()
    database = next(d for d in api.all("database") if d["database_name"] == "Warehouse (analyst)")
    for statement in (
        "delete from marts_bi.bi_data_as_of",
        "with gone as (delete from marts_bi.bi_data_as_of returning 1) select * from gone",
        "create table marts_bi.mine (a int)",
    ):
        body = {"database_id": database["id"], "sql": statement, "runAsync": False}
        answer = api.client.post("/sqllab/execute/", json=body)
        assert answer.status_code >= 400, statement


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_every_login_reads_only_and_not_for_long(superset: Superset, connection: str) -> None:
    with _as(superset, login(connection)) as conn:
        assert _one(conn, "show statement_timeout") == "30s"
        assert _one(conn, "show default_transaction_read_only") == "on"
        conn.execute("set statement_timeout = '10ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            conn.execute("select pg_sleep(10)")
        conn.execute("set default_transaction_read_only = off")
        for forbidden in (
            "select * from vault.pseudonyms",
            "select * from raw_moodle.mdl_user",
            "create table public.mine (a int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(forbidden)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        _as(superset, login(connection), METADATA)


def test_finance_reads_the_marts_of_its_dashboards(superset: Superset) -> None:
    with _as(superset, login("finance")) as conn:
        assert _one(conn, "select count(*) from marts_finance.finance_daily_summary") > 0
        for forbidden in (
            "select * from marts_bi.bi_course_completion",
            "select * from marts_learning.fact_course_completion",
            "select * from secure.secure_course_completion",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(forbidden)


def test_what_an_audience_may_read_no_longer_is_taken_back(superset: Superset) -> None:
    settings, specs, catalogue = superset.demo.settings(), read_specs(), read_catalogue(MANIFEST)
    later = sql.SQL("alter default privileges in schema marts_learning grant select on tables to ")
    with superset.warehouse() as conn:
        conn.execute(later + sql.Identifier(group("finance")))
    try:
        ensure_readers(settings, [s for s in specs if "finance" not in s.audience], catalogue)
        with superset.warehouse() as conn:
            held = conn.execute(HELD, [group("finance")] * 3).fetchall()
        assert held == []
    finally:
        ensure_readers(settings, specs, catalogue)
    with _as(superset, login("finance")) as conn:
        assert _one(conn, "select count(*) from marts_finance.finance_daily_summary") > 0


@pytest.mark.usefixtures("appointed")
def test_a_build_leaves_dashboards_their_marts(superset: Superset) -> None:
    """A table that is built is a new one: who may read it is said anew."""
    with _as(superset, login("finance")) as conn:
        assert _one(conn, "select count(*) from marts_finance.finance_daily_summary") > 0
    with _as(superset, login("teacher")) as conn:
        assert _one(conn, "select count(*) from secure.secure_course_group") == 0


def test_the_reader_of_the_marts_reads_marts_and_nothing_else(superset: Superset) -> None:
    with _as(superset, login("analyst")) as conn:
        assert _one(conn, "select count(*) from marts_bi.bi_data_as_of") == 5
        conn.execute("set default_transaction_read_only = off")
        for forbidden in (
            "select * from vault.pseudonyms",
            "select * from raw_moodle.user",
            "select * from staging.stg_moodle__users",
            "select * from marts_proctoring.fact_proctoring_violation",
            "delete from marts_bi.bi_data_as_of",
            "create table public.mine (a int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(forbidden)


def test_the_owner_of_the_metadata_reads_no_mart(superset: Superset) -> None:
    with (
        _as(superset, METADATA) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute("select * from marts_bi.bi_data_as_of")


def test_no_password_of_the_warehouse_is_kept_in_the_metadata(superset: Superset) -> None:
    with _as(superset, METADATA, METADATA) as conn:
        rows = conn.execute("select sqlalchemy_uri, password, allow_dml from dbs").fetchall()
    assert rows
    for address, password, allows_dml in rows:
        assert ":XXXX" not in address
        assert "@127.0.0.1" in address
        assert (password, allows_dml) == (None, False)


def test_superset_does_not_start_without_keys_of_its_own() -> None:
    """There is no key everybody knows to fall back on."""
    python = PROJECT_DIR / ".venv-superset" / "bin" / "python"
    if not python.exists():
        pytest.skip("Superset is not installed: run `make superset`")
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROGRAMS)}
    for key in ({}, {"COURSEHOUSE_SUPERSET_SECRET_KEY": ""}):
        started = subprocess.run(
            [python, "-c", "import superset_config"],
            env=kept | key,
            capture_output=True,
            text=True,
            check=False,
        )
        assert started.returncode != 0
        assert "COURSEHOUSE_SUPERSET_SECRET_KEY" in started.stderr


def test_the_first_secret_makes_the_home_it_is_kept_in(tmp_path: Path) -> None:
    settings = Settings.model_validate({"home": tmp_path / "new" / "home"})
    made = secret(settings, "metadata")
    assert made
    assert secret(settings, "metadata") == made


def _asked(dataset: int, query: dict[str, Any]) -> dict[str, Any]:
    return {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [query],
        "result_format": "json",
        "result_type": "full",
    }


def _as(superset: Superset, user: str, dbname: str | None = None) -> psycopg.Connection:
    settings = superset.demo.settings()
    parts = conninfo_to_dict(warehouse_dsn(settings))
    name = "metadata" if user == METADATA else user
    changed = {"user": user, "password": secret(settings, name)}
    if dbname:
        changed["dbname"] = dbname
    return psycopg.connect(make_conninfo("", **{**parts, **changed}), autocommit=True)


def _one(conn: psycopg.Connection, query: LiteralString) -> Any:
    row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]

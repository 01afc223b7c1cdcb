"""The compose file: what a machine can check of it without Docker."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
import yaml
from compose_spec import PyCompose

from ingest import metrics
from ingest.cli import app
from ingest.dashboards.server import ADMIN
from ingest.settings import PROJECT_DIR

TEXT = (PROJECT_DIR / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# built from the Dockerfile of the project; Superset has one of its own
OURS = {name: one for name, one in SERVICES.items() if "target" in one.get("build", {})}
# do something and end
ONCE = {name for name, one in SERVICES.items() if one["restart"] == "no"}
GRAFANA = PROJECT_DIR / "monitoring" / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))


def interpolated(text: str) -> str:
    """As compose reads it where every variable that must be set is, and no other."""
    text = re.sub(r"\$\{\w+:\?[^}]*\}", "given", text)
    return re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", text)


def test_compose_would_take_the_file() -> None:
    """Held against the whole compose specification, which knows every name and every type."""
    merged = yaml.safe_load(interpolated(TEXT))  # the library does not know YAML's merge keys
    read = PyCompose.from_yaml(yaml.safe_dump(merged))
    assert set(read.service_names()) == set(SERVICES)
    with pytest.raises(ValueError, match="healthchek"):
        PyCompose.from_yaml("services: {a: {image: b, healthchek: {test: [CMD, a]}}}")


def test_a_service_waits_for_others_that_tell_when_they_are_well_or_done() -> None:
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            is_well = "completed_successfully" if other in ONCE else "healthy"
            assert wanted["condition"] == f"service_{is_well}"
            # nobody may leave out what another one waits for
            profiles = SERVICES[other].get("profiles")
            assert profiles is None or set(service["profiles"]) <= set(profiles), name


def test_what_runs_by_itself_waits_for_topics_and_marts() -> None:
    """The broker makes no topic by itself, and a stream goes on with what is built."""
    assert sorted(ONCE) == ["prepare"]
    assert SERVICES["prepare"]["command"] == ["prepare"]
    for profile, clock in ("run", "scheduler"), ("jobs", "jobs"):
        members = {name for name, one in SERVICES.items() if profile in one.get("profiles", [])}
        assert members == {"prepare", "collector", "stream", clock}
        for name in members - ONCE:
            assert "prepare" in SERVICES[name]["depends_on"], name
    # Airflow would wait for somebody to switch every schedule on
    environment = SERVICES["scheduler"]["environment"]
    assert environment["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] == "False"
    ours = SERVICES["stream"]["environment"]
    assert environment.items() >= ours.items()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_reached_from_this_machine_only(name: str) -> None:
    service = SERVICES[name]
    if service.get("network_mode") == "host":
        if name in OURS or name == "grafana":
            _listens_at_home_only(name, service)
            return
        listening = [word for word in service["command"] if ".listen-address=" in word]
        assert any(word.startswith("--web.") for word in listening)
        # an empty address: it does not listen
        assert all(re.search(r"=(127\.0\.0\.1:\d+)?$", word) for word in listening)
        return
    assert service["ports"]
    for port in service["ports"]:
        assert re.fullmatch(r"127\.0\.0\.1:\$\{COURSEHOUSE_\w+_PORT:-\d+\}:\d+", port)


def _listens_at_home_only(name: str, service: dict[str, Any]) -> None:
    if name == "grafana":
        assert service["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    else:
        # our own commands, and Airflow by its start script, listen at the loopback address
        assert "--host" not in service["command"]
        assert "AIRFLOW__API__HOST" not in service["environment"]
    assert "ports" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_names_the_release_it_runs(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:(RELEASE\.|v)?\d[\w.-]*", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_no_password_has_a_default(name: str) -> None:
    environment: dict[str, Any] = SERVICES[name].get("environment", {})
    for variable, value in environment.items():
        if variable.endswith("PASSWORD"):
            assert re.fullmatch(r"\$\{COURSEHOUSE_\w+_PASSWORD(-|:\?set \w+)\}", value)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
def test_a_service_says_how_to_see_that_it_is_well(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL") and check["retries"]


def test_a_check_of_ours_is_a_module_or_a_command_there_is() -> None:
    checks = {name: OURS[name]["healthcheck"]["test"][1:] for name in set(OURS) - ONCE}
    modules = {name: check[2:] for name, check in checks.items() if check[1] == "-m"}
    assert modules == {
        "stream": ["ingest.monitoring.health", "events", "stream"],
        "changes": ["ingest.monitoring.health", "changes"],
    }
    assert find_spec("ingest.monitoring.health")
    resolve(checks["jobs"][1:])


def test_data_outlives_its_container() -> None:
    mounts = [volume for s in SERVICES.values() for volume in s["volumes"]]
    # what is mounted from outside is there to be read
    outside = [mount for mount in mounts if mount.startswith((".", "$"))]
    assert all(mount.endswith(":ro") for mount in outside)
    used = {mount.partition(":")[0] for mount in mounts if mount not in outside}
    assert used == set(COMPOSE["volumes"])


def test_what_is_mounted_of_the_project_is_there() -> None:
    mounts = [volume for s in SERVICES.values() for volume in s["volumes"] if volume[0] == "."]
    mounts = [mount for mount in mounts if not mount.startswith("./target/")]  # made by a command
    assert mounts
    assert [m for m in mounts if not (PROJECT_DIR / m.partition(":")[0]).exists()] == []


def test_prometheus_finds_alertmanager_where_it_listens() -> None:
    config = yaml.safe_load((PROJECT_DIR / "monitoring/prometheus/prometheus.yml").read_text())
    ((target,),) = [
        static["targets"]
        for alertmanager in config["alerting"]["alertmanagers"]
        for static in alertmanager["static_configs"]
    ]
    assert f"--web.listen-address={target}" in SERVICES["alertmanager"]["command"]


def test_every_variable_is_described_beside_the_settings() -> None:
    described = set(re.findall(r"^#(\w+)=", (PROJECT_DIR / ".env.example").read_text(), re.M))
    assert set(re.findall(r"\$\{(COURSEHOUSE_\w+)", TEXT)) <= described


def test_grafana_starts_only_with_a_password() -> None:
    service = SERVICES["grafana"]
    (script,) = service["command"]
    guard, start = script.replace("$$", "$").splitlines()
    assert start == "exec /run.sh"
    for password, code in ({"GF_SECURITY_ADMIN_PASSWORD": ""}, 2), ({}, 2):
        done = subprocess.run(
            ["/bin/sh", *service["entrypoint"][1:], guard],
            env=password,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert "set COURSEHOUSE_GRAFANA_PASSWORD" in done.stderr


@pytest.mark.parametrize("password", [None, "", "long enough"])
def test_the_object_store_starts_only_with_a_password(password: str | None, tmp_path: Path) -> None:
    """Its own default would be one that everybody knows."""
    for program in ("minio", "mkdir"):
        (tmp_path / program).write_text(f'#!/bin/sh\necho {program} "$@"\n')
        (tmp_path / program).chmod(0o755)
    command = [part.replace("$$", "$") for part in SERVICES["minio"]["command"]]
    started = subprocess.run(
        ["/bin/sh", *SERVICES["minio"]["entrypoint"][1:], *command],
        env={"PATH": str(tmp_path)}
        | ({} if password is None else {"MINIO_ROOT_PASSWORD": password}),
        capture_output=True,
        text=True,
        check=False,
    )
    if password:
        assert started.stdout == "mkdir -p /data/coursehouse\nminio server /data\n"
    else:
        assert started.returncode != 0
        assert "set COURSEHOUSE_MINIO_PASSWORD" in started.stderr
        assert started.stdout == ""


def test_superset_is_imported_then_served_and_warmed_up_now_and_every_night(tmp_path: Path) -> None:
    """A container that cannot be brought up to date ends: it never shows yesterday's dashboards."""
    script = PROJECT_DIR / "superset" / "server" / "container.sh"
    two_at_night = int(datetime(2026, 3, 1, 2, tzinfo=UTC).timestamp())
    for outcome in (0, 1):
        for program, ends in (("python", outcome), ("gunicorn", 0), ("sleep", 1)):
            file = tmp_path / program
            file.write_text(f'#!/bin/sh\necho {program} "$@"\nexit {ends}\n')
            file.chmod(0o755)
        clock = tmp_path / "date"
        clock.write_text(f"#!/bin/sh\necho {two_at_night}\n")
        clock.chmod(0o755)
        done = subprocess.run(
            ["/bin/sh", script],
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        prepared, *beside = done.stdout.splitlines()
        assert prepared == "python /opt/coursehouse/server/prepare.py /bundle"
        served = "gunicorn superset.app:create_app() --bind 0.0.0.0:8088"
        warmed = [f"python /opt/coursehouse/server/warm.py {ADMIN}", "sleep 7200"]
        begun = sorted(line.partition(" --worker")[0] for line in beside)
        assert begun == ([] if outcome else [served, *warmed])
        assert done.returncode == outcome
    assert all((script.parent / name).exists() for name in ("prepare.py", "warm.py"))


def test_the_image_of_superset_is_the_locked_environment() -> None:
    superset = SERVICES["superset"]
    lines = (PROJECT_DIR / superset["build"]["dockerfile"]).read_text().splitlines()
    lock = (PROJECT_DIR / "requirements" / "superset.txt").read_text()
    (version,) = re.findall(r"^apache-superset==(\S+) ", lock, re.M)
    assert superset["image"].endswith(f":{version}")
    copied = [line.split()[1] for line in lines if line.startswith("COPY")]
    assert copied == ["requirements/superset.txt", "superset/server"]
    assert all((PROJECT_DIR / path).exists() for path in copied)
    assert any("--require-hashes" in line for line in lines)
    assert "USER 8088" in lines


# ---------------------------------------------------------------- our own images


@pytest.mark.parametrize("name", sorted(set(OURS) - {"scheduler"}))
def test_a_container_of_ours_runs_a_command_there_is(name: str) -> None:
    resolve([str(word) for word in OURS[name]["command"]])


def resolve(arguments: list[str]) -> None:
    """Fails where there is no such command, or no such option."""
    command = typer.main.get_command(app)
    context = typer.Context(command)
    while hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(context, arguments)
        context = typer.Context(command, parent=context)
    command.make_context(command.name, arguments, resilient_parsing=False)


def test_containers_of_ours_are_stages_of_the_dockerfile() -> None:
    text = (PROJECT_DIR / "Dockerfile").read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", text, re.M))
    assert {service["build"]["target"] for service in OURS.values()} == stages
    (version,) = re.findall(
        r'^version = "(.+)"$', (PROJECT_DIR / "pyproject.toml").read_text(), re.M
    )
    assert {service["image"].rpartition(":")[2] for service in OURS.values()} == {version}


def test_an_image_of_ours_holds_what_the_locks_name_and_runs_without_power() -> None:
    text = (PROJECT_DIR / "Dockerfile").read_text()
    locks = re.findall(r"--require-hashes --requirement (\S+)", text)
    assert locks == ["requirements/runtime.txt", "requirements/airflow.txt"]
    assert all((PROJECT_DIR / lock).exists() for lock in locks)
    assert re.findall(r"^USER (.+)$", text, re.M) == ["10001:10001"]


def test_parts_of_airflow_serve_no_logs_to_everybody(tmp_path: Path) -> None:
    """Their servers know no address to listen at; `standalone` starts its parts by their name."""
    script = tmp_path / "orchestrate" / "airflow"
    installed = tmp_path / ".venv-airflow" / "bin" / "airflow"
    for file in script, installed:
        file.parent.mkdir(parents=True)
    shutil.copy(PROJECT_DIR / "orchestrate" / "airflow", script)
    parts = "for part in scheduler triggerer api-server; do airflow $part; done"
    installed.write_text(f'#!/bin/sh\necho "$@"\n[ "$1" != standalone ] || {{ {parts}; }}\n')
    installed.chmod(0o755)
    done = subprocess.run(
        [script, *SERVICES["scheduler"]["command"]], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "standalone",
        "scheduler --skip-serve-logs",
        "triggerer --skip-serve-logs",
        "api-server",
    ]


def test_dockerfiles_are_as_hadolint_wants_them() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists() and shutil.which("hadolint") is None:
        pytest.skip("there is no hadolint for this kind of machine")
    files = [PROJECT_DIR / "Dockerfile", PROJECT_DIR / "superset" / "Dockerfile"]
    checked = subprocess.run(
        [hadolint if hadolint.exists() else "hadolint", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_holds_no_secret_and_nothing_that_was_made_here() -> None:
    ignored = set((PROJECT_DIR / ".dockerignore").read_text().split())
    assert {".env", ".git", ".venv", ".coursehouse", "target", "logs"} <= ignored
    assert ".venv-*" in ignored
    # what dbt reads must be there: its tests are beside those of Python
    assert "tests" not in ignored and "tests/python" in ignored


# ---------------------------------------------------------------- Grafana


def _queries(dashboard: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target


def _series() -> set[str]:
    """Every series that Prometheus may know of us."""
    found = set()
    for one in vars(metrics).values():
        if isinstance(one, metrics.Metric):
            ends = ("_bucket", "_sum", "_count") if one.kind == "histogram" else ("",)
            # a warehouse's counters are shown as what they grew by
            found |= {one.name + end for end in ends} | {one.sample}
    return found


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_a_dashboard_asks_for_metrics_there_are(file: Path) -> None:
    dashboard = json.loads(file.read_text())
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())
    ((uid, url),) = [(one["uid"], one["url"]) for one in sources["datasources"]]
    assert (
        f"--web.listen-address={url.removeprefix('http://')}" in SERVICES["prometheus"]["command"]
    )
    for title, target in _queries(dashboard):
        asked = set(re.findall(r"coursehouse_\w+", target["expr"]))
        assert asked and asked <= _series(), title
        assert target["datasource"]["uid"] == uid
        # a label that a legend shows must still be there after the query has summed
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            by = re.findall(r"by \(([^)]*)\)", target["expr"])
            assert not by or label in by[0], title


def test_dashboards_are_found_where_grafana_looks_for_them() -> None:
    provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/coursehouse.yml").read_text())
    (path,) = [one["options"]["path"] for one in provider["providers"]]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert mounts["./monitoring/grafana/dashboards"] == path
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).name in {file.name for file in DASHBOARDS}
    boards = [json.loads(file.read_text()) for file in DASHBOARDS]
    assert len({board["uid"] for board in boards}) == len(boards) == 2
    for board in boards:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids) >= 10

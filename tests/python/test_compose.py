"""The compose file: what a machine can check of it without Docker."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.settings import PROJECT_DIR

TEXT = (PROJECT_DIR / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_reached_from_this_machine_only(name: str) -> None:
    service = SERVICES[name]
    if service.get("network_mode") == "host":
        listening = [word for word in service["command"] if ".listen-address=" in word]
        assert any(word.startswith("--web.") for word in listening)
        # an empty address: it does not listen
        assert all(re.search(r"=(127\.0\.0\.1:\d+)?$", word) for word in listening)
        return
    assert service["ports"]
    for port in service["ports"]:
        assert re.fullmatch(r"127\.0\.0\.1:\$\{COURSEHOUSE_\w+_PORT:-\d+\}:\d+", port)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_names_the_release_it_runs(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:(RELEASE\.|v)?\d[\w.-]*", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_no_password_has_a_default(name: str) -> None:
    environment: dict[str, Any] = SERVICES[name].get("environment", {})
    for variable, value in environment.items():
        if variable.endswith("PASSWORD"):
            assert re.fullmatch(r"\$\{COURSEHOUSE_\w+_PASSWORD(-|:\?set \w+)\}", value)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_says_how_to_see_that_it_is_well(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL") and check["retries"]


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


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_knows_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


def test_superset_is_imported_before_it_is_served(tmp_path: Path) -> None:
    """A container that cannot be brought up to date ends: it never shows yesterday's dashboards."""
    script = PROJECT_DIR / "superset" / "server" / "container.sh"
    for outcome in (0, 1):
        for program, ends in (("python", outcome), ("gunicorn", 0)):
            file = tmp_path / program
            file.write_text(f'#!/bin/sh\necho {program} "$1" "$2"\nexit {ends}\n')
            file.chmod(0o755)
        done = subprocess.run(
            ["/bin/sh", script],
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        prepared = "python /opt/coursehouse/server/prepare.py /bundle\n"
        served = "gunicorn superset.app:create_app() --bind\n"
        assert done.stdout == prepared + (served if outcome == 0 else "")
        assert done.returncode == outcome


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
    assert "USER superset" in lines

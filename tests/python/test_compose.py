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
    assert re.fullmatch(r"[\w./]+:(RELEASE\.|v)?\d[\w.-]*", SERVICES[name]["image"])


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

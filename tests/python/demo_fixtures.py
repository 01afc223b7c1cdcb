"""The warehouse of `coursehouse demo`, made once, for whoever needs every lane of data."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.settings import PROJECT_DIR, Settings

PROGRAM = Path(sys.executable).parent / "coursehouse"


@dataclass(frozen=True)
class Demo:
    """A finished demo: what its first run said, and the settings to use it with."""

    environment: dict[str, str]
    output: str

    def settings(self) -> Settings:
        """What the command line sees."""
        prefix = "COURSEHOUSE_"
        own = {k: v for k, v in self.environment.items() if k.startswith(prefix)}
        return Settings.model_validate({k.removeprefix(prefix).lower(): v for k, v in own.items()})

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `coursehouse ...` on it."""
        return run(self.environment | settings, *command)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Demo]:
    """No setting but a home and ports of the tests' own; what was started is stopped."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COURSEHOUSE_", "DBT_"))}
    environment = kept | {
        "COURSEHOUSE_HOME": str(tmp_path_factory.mktemp("demo") / "home"),
        "COURSEHOUSE_PG_PORT": str(free_port()),
        "COURSEHOUSE_KAFKA_PORT": str(free_port()),
        "COURSEHOUSE_SUPERSET_PORT": str(free_port()),
    }
    try:
        done = run(environment, "demo")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Demo(environment, done.stdout)
    finally:
        run(environment, "down", "--delete")


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run `coursehouse ...` in the project's folder, as people do."""
    return subprocess.run(
        [PROGRAM, *command],
        cwd=PROJECT_DIR,
        env={**environment, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )

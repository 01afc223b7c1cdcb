"""Metrics asked for by name, as people do: `mf` in a process of its own."""

import csv
import os
import subprocess
import sys
from pathlib import Path

from dbt.parser.manifest import write_semantic_manifest
from warehouse_fixtures import Warehouse

from ingest.settings import PROJECT_DIR


def parse_metrics(warehouse: Warehouse) -> None:
    """`mf` reads what `dbt parse` leaves in the project's target directory."""
    target = _project(warehouse) / "target"
    target.mkdir(exist_ok=True)
    write_semantic_manifest(warehouse.parsed(), str(target))


def query_metrics(
    warehouse: Warehouse, directory: Path, metrics: list[str], *options: str
) -> list[dict[str, str]]:
    """Rows of `mf query`, by the names of their columns."""
    file = directory / "metrics.csv"
    arguments = ["query", "--metrics", ",".join(metrics), *options, "--csv", str(file)]
    run_program(warehouse, "mf", *arguments)
    with file.open(newline="") as rows:
        return list(csv.DictReader(rows))


def run_program(warehouse: Warehouse, program: str, *arguments: str) -> None:
    """A program of the environment, on the project and a warehouse; it has to succeed."""
    run = subprocess.run(
        [Path(sys.executable).parent / program, *arguments],
        cwd=_project(warehouse),
        env={**os.environ, **warehouse.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]


def _project(warehouse: Warehouse) -> Path:
    """The project with a target directory of the warehouse's own: `mf` takes no other one."""
    folder = warehouse.target / "project"
    if not folder.exists():
        folder.mkdir(parents=True)
        for part in PROJECT_DIR.glob("[!.]*"):
            if part.name not in ("target", "logs"):
                (folder / part.name).symlink_to(part)
    return folder

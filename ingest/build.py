"""dbt, run inside this process: one start-up for several commands, progress for people."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult

from ingest.errors import UserError
from ingest.settings import PROJECT_DIR

PROJECT_PARTS = ("models", "macros", "snapshots", "seeds", "tests/data", "tests/generic")
PROJECT_FILES = ("dbt_project.yml", "profiles.yml")

OnNode = Callable[[int, int], None]


@dataclass
class BuildResult:
    """How a `dbt build` ended: warnings, and what failed with dbt's own words."""

    warnings: int = 0
    failures: list[str] = field(default_factory=list)


class Dbt:
    """dbt commands on this project, quiet, with the manifest kept between commands."""

    def __init__(self) -> None:
        os.environ.setdefault("DO_NOT_TRACK", "1")
        self._runner = dbtRunner()

    def build(self, on_node: OnNode) -> BuildResult:
        """`dbt build`; `on_node(done, total)` after each node. `UserError` if dbt cannot run."""
        done = 0

        def count(event: Any) -> None:
            nonlocal done
            if event.info.name == "NodeFinished":
                done += 1
                on_node(done, total)

        total = self.parse()
        self._runner = dbtRunner(manifest=self._runner.manifest, callbacks=[count])
        outcome = self._invoke("build")
        result = BuildResult()
        for node in getattr(outcome.result, "results", []):
            result.warnings += node.status == "warn"
            if node.status in ("error", "fail", "runtime error"):
                message = " ".join(str(node.message).split())
                result.failures.append(f"{node.node.name}: {message}")
        return result

    def docs(self) -> None:
        """`dbt docs generate --static`: one page that needs no server."""
        if not self._invoke("docs", "generate", "--static", "--no-compile").success:
            raise UserError("dbt could not write its docs: run `dbt docs generate` to see why")

    def parse(self) -> int:
        """Read the project's files and write the manifest; returns how many nodes a build has."""
        outcome = self._invoke("parse")
        if not outcome.success:
            raise UserError(f"dbt cannot read the project: {outcome.exception}")
        manifest: Any = outcome.result
        self._runner = dbtRunner(manifest=manifest)
        kinds = ("model", "test", "snapshot", "seed")
        nodes = [node for node in manifest.nodes.values() if node.resource_type in kinds]
        return len(nodes) + len(manifest.unit_tests)

    def _invoke(self, *command: str) -> dbtRunnerResult:
        folder = str(PROJECT_DIR)
        return self._runner.invoke(
            [*command, "--project-dir", folder, "--profiles-dir", folder, "--quiet"],
            log_level="none",
            log_level_file="info",
        )


def project_fingerprint() -> str:
    """Changes whenever a file dbt reads changes."""
    digest = hashlib.sha256()
    files = [PROJECT_DIR / name for name in PROJECT_FILES]
    for part in PROJECT_PARTS:
        files += sorted(path for path in (PROJECT_DIR / part).rglob("*") if path.is_file())
    for file in files:
        digest.update(str(file.relative_to(PROJECT_DIR)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()

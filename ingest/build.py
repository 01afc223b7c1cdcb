"""dbt, run inside this process: one start-up for several commands, progress for people."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult

from ingest.errors import UserError
from ingest.packages import FOLDER, ensure_packages
from ingest.settings import PROJECT_DIR

PROJECT_PARTS = ("models", "macros", "snapshots", "seeds", "tests/data", "tests/generic")
PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "packages.yml")

TARGET = PROJECT_DIR / "target"
KINDS = ("model", "test", "unit_test", "snapshot", "seed")

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
        ensure_packages()
        self._runner = dbtRunner()
        self._is_compiled = False

    def build(self, on_node: OnNode) -> BuildResult:
        """`dbt build`; `on_node(done, total)` after each node. `UserError` if dbt cannot run."""
        done = 0

        def count(event: Any) -> None:
            nonlocal done
            # exposures finish too, though nothing is done for them
            if event.info.name == "NodeFinished" and event.data.node_info.resource_type in KINDS:
                done += 1
                on_node(done, total)

        total = self._parse()
        self._runner = dbtRunner(manifest=self._runner.manifest, callbacks=[count])
        outcome = self._invoke("build")
        self._is_compiled = True
        result = BuildResult()
        for node in getattr(outcome.result, "results", []):
            result.warnings += node.status == "warn"
            if node.status in ("error", "fail", "runtime error"):
                message = " ".join(str(node.message).split())
                result.failures.append(f"{node.node.name}: {message}")
        return result

    def parse(self) -> Path:
        """Read the project; the folder where dbt wrote its manifest. `UserError` if it cannot."""
        self._parse()
        return TARGET

    def docs(self) -> Path:
        """`dbt docs generate --static`; the folder of manifest, catalog and page.

        Compiles the project unless this object has just built it.
        """
        compiled = ["--no-compile"] if self._is_compiled else []
        if not self._invoke("docs", "generate", "--static", *compiled).success:
            raise UserError("dbt could not write its docs: run `dbt docs generate` to see why")
        return TARGET

    def alerts(self, target: Path) -> None:
        """Evaluate the rules of alerts: the models with tag alert, without tests.

        `target` keeps what dbt has parsed: with other variables than builds it would be parsed
        anew each time. `UserError` if dbt fails.
        """
        quiet = "{disable_dbt_artifacts_autoupload: true, disable_run_results: true}"
        kinds = ("--resource-type", "seed", "--resource-type", "model")
        folders = ("--target-path", str(target), "--log-path", str(target))
        outcome = self._invoke("build", "--select", "tag:alert", *kinds, "--vars", quiet, *folders)
        if not outcome.success:
            raise UserError(f"dbt could not evaluate the alerts: {target / 'dbt.log'} says why")

    def _parse(self) -> int:
        outcome = self._invoke("parse")
        if not outcome.success:
            raise UserError(f"dbt cannot read the project: {outcome.exception}")
        manifest: Any = outcome.result
        self._runner = dbtRunner(manifest=manifest)
        nodes = [*manifest.nodes.values(), *manifest.unit_tests.values()]
        return sum(node.resource_type in KINDS for node in nodes)

    def _invoke(self, *command: str) -> dbtRunnerResult:
        folder = str(PROJECT_DIR)
        return self._runner.invoke(
            [*command, "--project-dir", folder, "--profiles-dir", folder, "--quiet"],
            log_level="none",
            log_level_file="info",
        )


def project_fingerprint() -> str:
    """Changes whenever a file dbt reads changes, those of packages too."""
    digest = hashlib.sha256()
    files = [PROJECT_DIR / name for name in PROJECT_FILES]
    # packages may be links, which rglob does not follow
    packages = (package.resolve() for package in sorted((PROJECT_DIR / FOLDER).glob("*")))
    for folder in (*(PROJECT_DIR / part for part in PROJECT_PARTS), *packages):
        files += sorted(path for path in folder.rglob("*") if path.is_file())
    for file in files:
        digest.update(str(file.relative_to(PROJECT_DIR)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()

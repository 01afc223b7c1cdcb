"""dbt, run inside this process: one start-up for several commands, progress for people."""

import hashlib
import json
import os
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.version import __version__ as dbt_version

from ingest.errors import UserError
from ingest.garbage import frozen
from ingest.packages import FOLDER, ensure_packages
from ingest.settings import PROJECT_DIR

PROJECT_PARTS = ("models", "macros", "snapshots", "seeds", "tests/data", "tests/generic")
PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "packages.yml")

TARGET = PROJECT_DIR / "target"
NEAR_REAL_TIME = "tag:near_real_time"
# What a build is made of. Unit tests bring rows of their own and say nothing of what is loaded:
# they are for those who change the project.
KINDS = ("model", "test", "snapshot", "seed")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = ("--exclude-resource-type", "test", *NO_UNIT_TESTS)
# Leaves out views only, their tests run. Macro `is_whole_build` knows this selection.
NO_VIEWS = ("--exclude", "config.materialized:view", "--indirect-selection", "empty")
# options of dbt that make a build one of a part
LIMITING = (
    *("--select", "-s", "--models", "--model", "-m", "--exclude", "--selector"),
    *("--empty", "--sample"),
)
# Variables for runs of which elementary stores nothing: what it stores is for reports.
UNREPORTED = {
    "disable_dbt_artifacts_autoupload": True,
    "disable_run_results": True,
    "disable_tests_results": True,
    "disable_dbt_invocation_autoupload": True,
}

OnNode = Callable[[int, int], None]


@dataclass
class BuildResult:
    """How a `dbt build` ended: what went well, warnings, and what failed with dbt's own words."""

    successes: int = 0
    warnings: int = 0
    failures: list[str] = field(default_factory=list)
    has_all_models: bool = False  # all were made, and went well


class Dbt:
    """dbt commands on this project, quiet, with the manifest kept between commands."""

    def __init__(self) -> None:
        os.environ.setdefault("DO_NOT_TRACK", "1")
        ensure_packages()
        self._runner = dbtRunner()
        self._is_compiled = False

    def build(self, on_node: OnNode, *options: str, leaves_views: bool = False) -> BuildResult:
        """`dbt build`; `on_node(done, total)` after each node. `UserError` if dbt cannot run.

        `options` are dbt's, without a selection it is everything but unit tests; with one `total`
        is still that of the whole project. `leaves_views` is only for builds without a selection,
        when every view stands (`ingest.standing_views`).
        """
        done = 0

        def count(event: Any) -> None:
            nonlocal done
            # exposures finish too, though nothing is done for them
            if event.info.name == "NodeFinished" and event.data.node_info.resource_type in KINDS:
                done += 1
                on_node(done, total)

        nodes = self._parse("--no-write-json")  # the build writes the manifest down
        manifest: Any = self._runner.manifest
        models = {
            name: node.config.materialized
            for name, node in manifest.nodes.items()
            if node.resource_type == "model"
        }
        total = sum(nodes[kind] for kind in KINDS)
        if leaves_views:
            total -= sum(made_as == "view" for made_as in models.values())
        self._runner = dbtRunner(manifest=manifest, callbacks=[count])
        whole = is_whole(options)
        added = (NO_UNIT_TESTS if whole else ()) + (NO_VIEWS if leaves_views else ())
        with frozen():
            outcome = self._invoke("build", *options, *added)
        self._is_compiled = whole and not leaves_views
        result = _result(outcome)
        result.has_all_models = models.keys() <= _made(outcome)
        return result

    def parse(self) -> Path:
        """Read the project; the folder where dbt wrote its manifest. `UserError` if it cannot."""
        self._parse()
        return TARGET

    def warm_up(self, target: Path) -> None:
        """Read the project once, for all commands of this object. `UserError` if dbt cannot.

        `target` keeps what dbt has parsed for the next process.
        """
        self._parse(*_quiet(target))

    def models(self) -> list[Any]:
        """The models of this project, as dbt's manifest has them. `UserError` as for `parse`."""
        self._parse()
        manifest: Any = self._runner.manifest
        ours = [node for node in manifest.nodes.values() if node.package_name == "coursehouse"]
        return [node for node in ours if node.resource_type == "model"]

    def compiled(self, selection: str) -> list[Any]:
        """Models with `compiled_code` as a full refresh takes it; what is read comes first."""
        selected = ("--select", *selection.split(), "--indirect-selection", "empty")  # no tests
        outcome = self._invoke("compile", "--full-refresh", *selected)
        if not outcome.success:
            raise UserError(f"dbt cannot compile {selection}: {_reason(outcome)}")
        compiled: Any = outcome.result
        return [result.node for result in compiled.results]

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
        kinds = ("--resource-type", "seed", "--resource-type", "model")
        outcome = self._invoke("build", "--select", "tag:alert", *kinds, *_quiet(target))
        if not outcome.success:
            raise UserError(f"dbt could not evaluate the alerts: {target / 'dbt.log'} says why")

    def near_real_time(self, target: Path) -> BuildResult:
        """Build the models with tag near_real_time, without tests. Logs go to `target`.

        `UserError` if dbt cannot run.
        """
        outcome = self._invoke(
            "run", "--select", NEAR_REAL_TIME, "--cache-selected-only", *_quiet(target)
        )
        result = _result(outcome)
        if not outcome.success and not result.failures:
            raise UserError(f"dbt failed: {_reason(outcome)}")
        return result

    def _parse(self, *options: str) -> Counter[str]:
        """Read the project; how many nodes there are of each kind."""
        outcome = self._invoke("parse", *options)
        if not outcome.success:
            raise UserError(f"dbt cannot read the project: {outcome.exception}")
        manifest: Any = outcome.result
        self._runner = dbtRunner(manifest=manifest)
        return Counter(str(node.resource_type) for node in manifest.nodes.values())

    def _invoke(self, *command: str) -> dbtRunnerResult:
        folder = str(PROJECT_DIR)
        return self._runner.invoke(
            [*command, "--project-dir", folder, "--profiles-dir", folder, "--quiet"],
            log_level="none",
            log_level_file="info",
            use_fast_test_edges=True,
        )


def is_whole(options: Sequence[str]) -> bool:
    """Whether `dbt build` with these options builds and tests everything but unit tests."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(*LIMITING, dest="limits", action="append", nargs="*", default=[])
    for kinds in ("resource-type", "exclude-resource-type"):
        names = (f"--{kinds}", f"--{kinds}s")
        parser.add_argument(*names, dest=kinds, action="append", default=[])
    given = vars(parser.parse_known_args(options)[0])
    # a selection that is empty selects everything
    is_limited = any(limit != [""] for limit in given["limits"])
    built = set(given["resource-type"] or KINDS) - set(given["exclude-resource-type"])
    return not is_limited and built >= set(KINDS)


def _quiet(target: Path) -> tuple[str, ...]:
    """Options of what runs every minute: nothing of it is kept for reports.

    Writing down what dbt knows of all models takes longer than to build four of them.
    """
    folders = ("--target-path", str(target), "--log-path", str(target))
    return "--no-write-json", "--vars", json.dumps(UNREPORTED), *folders


def _reason(outcome: dbtRunnerResult) -> str:
    """What dbt says in one line."""
    words = [str(outcome.exception)] if outcome.exception else _result(outcome).failures
    return " ".join(" ".join(words).split())


def _result(outcome: dbtRunnerResult) -> BuildResult:
    result = BuildResult()
    for node in getattr(outcome.result, "results", []):
        result.successes += node.status in ("success", "pass", "warn", "no-op")
        result.warnings += node.status == "warn"
        if node.status in ("error", "fail", "runtime error"):
            message = " ".join(str(node.message).split())
            result.failures.append(f"{node.node.name}: {message}")
    return result


def _made(outcome: dbtRunnerResult) -> set[str]:
    results = getattr(outcome.result, "results", [])
    return {result.node.unique_id for result in results if result.status == "success"}


def project_fingerprint() -> str:
    """Changes whenever a file dbt reads changes, those of packages too, or dbt itself."""
    digest = hashlib.sha256(str(dbt_version).encode())
    files = [PROJECT_DIR / name for name in PROJECT_FILES]
    # packages may be links, which rglob does not follow
    packages = (package.resolve() for package in sorted((PROJECT_DIR / FOLDER).glob("*")))
    for folder in (*(PROJECT_DIR / part for part in PROJECT_PARTS), *packages):
        files += sorted(path for path in folder.rglob("*") if path.is_file())
    for file in files:
        digest.update(str(file.relative_to(PROJECT_DIR)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()

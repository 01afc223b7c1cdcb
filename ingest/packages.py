"""dbt packages: those of the hub, of a mirror, or what we ship to stand in for them offline.

dbt reads whatever lies in `dbt_packages/`. Only this module writes there, all packages at once:
`dbt deps` offline deletes what is installed before it finds out that it cannot install anything.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import yaml

from ingest.errors import UserError
from ingest.settings import PROJECT_DIR, Settings, load_settings

PACKAGES = ("dbt_utils", "dbt_date", "dbt_expectations", "elementary")
FOLDER = "dbt_packages"
STAND_INS = "offline_packages"
PINS = "packages.yml"
HUB = "hub"
OFFLINE = "offline stand-ins"
HUB_SECONDS = 3
DEPS_SECONDS = 600

_NEW = ".dbt_packages.new"
_OLD = ".dbt_packages.old"


def source(project: Path = PROJECT_DIR) -> str | None:
    """Where the installed packages come from: `hub`, `mirror: <path>` or `offline stand-ins`.

    None if they are not installed, or not those that packages.yml names now.
    """
    folder = project / FOLDER
    try:
        is_current = (folder / PINS).read_bytes() == (project / PINS).read_bytes()
        line = (folder / "SOURCE").read_text().strip()
    except OSError:
        return None
    is_complete = all((folder / name / "dbt_project.yml").is_file() for name in PACKAGES)
    return line if is_current and is_complete else None


def ensure_packages() -> str:
    """Install the packages if they are missing; their source."""
    return source() or install(load_settings())


def install(
    settings: Settings, say: Callable[[str], None] = print, project: Path = PROJECT_DIR
) -> str:
    """Install the packages that packages.yml names; their source.

    What was installed stays until all of the new ones are there, and if anything goes wrong.
    `UserError` if the mirror lacks one, or the project directory cannot be written.
    """
    mirror = settings.dbt_packages_dir
    try:
        with _alone(project):
            if mirror is not None and mirror.resolve() != project / STAND_INS:
                return _replace(project, f"mirror: {mirror}", lambda to: copy_mirror(mirror, to))
            if mirror is None and source(project) == HUB:
                return HUB
            if mirror is None and hub_answers():
                try:
                    return _replace(project, HUB, lambda to: from_hub(project, to))
                except subprocess.SubprocessError as error:  # archives lie elsewhere than lists
                    say(f"dbt's hub answers, but `dbt deps` fails: {_reason(error)}")
            return _replace(project, OFFLINE, _link_stand_ins)
    except OSError as error:
        raise UserError(
            f"the dbt packages cannot be installed: {error.strerror} ({error.filename}); "
            "run `coursehouse deps` as the owner of the project directory"
        ) from None


def copy_mirror(mirror: Path, folder: Path) -> None:
    """Every package of a mirror, a folder or an archive as GitHub makes them, into `folder`.

    `UserError` unless it holds exactly one of each.
    """
    scratch = folder / "scratch"
    for path in mirror.glob("*.tar.gz"):
        with tarfile.open(path) as archive:
            # the idiom of Python's manual: releases before 3.11.4 do not know the filter
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extractall(scratch / path.name)  # noqa: S202
    found: dict[str, list[Path]] = {}
    for manifest in (*mirror.glob("*/dbt_project.yml"), *scratch.glob("*/*/dbt_project.yml")):
        name = yaml.safe_load(manifest.read_text())["name"]
        found.setdefault(name, []).append(manifest.parent)
    for name in PACKAGES:
        copies = found.get(name, [])
        if len(copies) != 1:
            raise UserError(
                f"{mirror} (COURSEHOUSE_DBT_PACKAGES) holds {len(copies)} packages {name}: "
                "put exactly one there, as a folder or a .tar.gz"
            )
        shutil.copytree(copies[0], folder / name, ignore=shutil.ignore_patterns(".git"))
    shutil.rmtree(scratch, ignore_errors=True)


def from_hub(project: Path, folder: Path) -> None:
    """`dbt deps` where it can delete nothing: in a project that is nothing but packages.yml."""
    scratch = folder / "scratch"
    scratch.mkdir()
    shutil.copyfile(project / PINS, scratch / PINS)
    (scratch / "dbt_project.yml").write_text("name: scratch\nversion: 1.0.0\n")
    subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            "deps",
            "--no-use-colors",
            "--project-dir",
            scratch,
        ],
        cwd=scratch,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=DEPS_SECONDS,
    )
    for name in PACKAGES:
        (scratch / FOLDER / name).rename(folder / name)
    shutil.rmtree(scratch)


def _link_stand_ins(folder: Path) -> None:
    for name in PACKAGES:
        (folder / name).symlink_to(Path("..", STAND_INS, name))


def _replace(project: Path, origin: str, fill: Callable[[Path], None]) -> str:
    """Let `fill` put the packages into an empty folder, then put that in the old one's place."""
    new, installed, old = project / _NEW, project / FOLDER, project / _OLD
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        fill(new)
        shutil.copyfile(project / PINS, new / PINS)
        (new / "SOURCE").write_text(f"{origin}\n")
        if installed.exists():
            installed.rename(old)
        new.rename(installed)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return origin


@contextmanager
def _alone(project: Path) -> Iterator[None]:
    """One installation at a time; what a killed one had put aside is put back."""
    installed, old = project / FOLDER, project / _OLD
    handle = os.open(project, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if old.exists() and not installed.exists():
            old.rename(installed)
        shutil.rmtree(old, ignore_errors=True)
        yield
    finally:
        os.close(handle)


def hub_answers() -> bool:
    """Asks once, in a thread of its own: no timeout covers the lookup of a name."""
    url = os.environ.get("DBT_PACKAGE_HUB_URL") or "https://hub.getdbt.com/"  # as dbt reads it
    answers: list[int] = []

    def ask() -> None:
        with (
            suppress(OSError, ValueError, HTTPException),
            urlopen(f"{url}api/v1/dbt-labs/dbt_utils.json", timeout=HUB_SECONDS) as answer,  # noqa: S310
        ):
            answers.append(answer.status)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_SECONDS)
    return answers == [200]


def _reason(error: subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return " ".join(str(error.stdout).rpartition("Encountered an error:")[2].split())
    return f"it takes longer than {DEPS_SECONDS} s"

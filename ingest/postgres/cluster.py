"""One database cluster on disk: where it lies, how it is made, how it is configured.

    <home>/postgres.secret          password of the warehouse role, mode 0600
    <home>/postgres.json            which cluster belongs to this home, and where it lies
    <home>/postgres.log, .lock
    <location>/data                 owned by the server's account, mode 0700
    <location>/postgresql.conf ...  written at every start, owned by whoever runs `up`

`<location>` is `<home>/postgres`, or below /var/lib/coursehouse when root's home cannot be entered
by the server's account. Root writes nothing inside `data`: its owner could plant links there.
"""

import hashlib
import json
import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import UserError
from ingest.postgres.account import Account
from ingest.postgres.binaries import Binaries
from ingest.postgres.files import make_dir, write_file

RELOCATED = Path("/var/lib/coursehouse")
ADMIN_ROLE = "postgres"


@dataclass(frozen=True)
class Cluster:
    """The files of one home's cluster."""

    home: Path
    location: Path

    @property
    def data_dir(self) -> Path:
        """What Postgres calls its data directory."""
        return self.location / "data"

    @property
    def record_file(self) -> Path:
        """Remembers the cluster's identity and location."""
        return self.home / "postgres.json"

    def identity(self) -> int:
        """System identifier recorded when the cluster was made.

        If that record was lost, what the cluster's files say. Raises `OSError` without files.
        """
        recorded = self._recorded_identity()
        return _read_identifier(self.data_dir) if recorded is None else recorded

    @property
    def name(self) -> str:
        """Shown in the titles of the server's processes."""
        return f"coursehouse-{home_hash(self.home)}"

    def file(self, name: str) -> Path:
        """A configuration file of ours, outside the data directory."""
        return self.location / name

    def initialise(self, binaries: Binaries, account: Account) -> None:
        """Make the cluster unless it is there; a half-made one is thrown away first.

        Raises `UserError` if the data directory is something else: another major version, another
        cluster, or no cluster at all. Nothing is deleted then.
        """
        if self.data_dir.is_dir() and any(self.data_dir.iterdir()):
            self._check(binaries)
            return
        make_dir(self.location)
        new = self.data_dir.with_name("data.new")
        shutil.rmtree(new, ignore_errors=True)
        try:
            _initdb(new, binaries, account)
            identifier = _read_identifier(new)
            self._record(identifier)
            if self.data_dir.is_dir():  # empty, seen above
                self.data_dir.rmdir()
            new.rename(self.data_dir)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def _check(self, binaries: Binaries) -> None:
        try:
            made_by = (self.data_dir / "PG_VERSION").read_text().strip()
            identifier = _read_identifier(self.data_dir)
        except (OSError, struct.error):
            raise UserError(
                f"{self.data_dir} is not a Postgres data directory: "
                "move it away, or set COURSEHOUSE_HOME to another directory"
            ) from None
        if made_by != str(binaries.major):
            raise UserError(
                f"{self.data_dir} was made by Postgres {made_by} and this is {binaries.version}: "
                f"set COURSEHOUSE_PG_BIN to the bin/ of a Postgres {made_by}, or move it away"
            )
        recorded = self._recorded_identity()
        if recorded is None:
            self._record(identifier)
        elif recorded != identifier:
            raise UserError(
                f"{self.data_dir} is not the cluster made for this home (system identifier "
                f"{identifier}, not {recorded}): put the right one back, "
                f"or delete {self.record_file} to adopt this one"
            )

    def _recorded_identity(self) -> int | None:
        value = _read_record(self.home).get("system_identifier")
        return value if isinstance(value, int) else None

    def _record(self, identifier: int) -> None:
        record = {"system_identifier": identifier, "location": str(self.location)}
        write_file(self.record_file, json.dumps(record, indent=2) + "\n")


def find_cluster(home: Path) -> Cluster:
    """The cluster of a home, wherever it lies; the one in the home if there is none yet."""
    recorded = Path(str(_read_record(home).get("location", "")))
    # the home's owner may not be root: a location is only believed where only root can write
    if recorded.parent == RELOCATED and (recorded / "data").is_dir():
        return Cluster(home, recorded)
    relocated = RELOCATED / home_hash(home)
    if not (home / "postgres" / "data").exists() and (relocated / "data").is_dir():
        return Cluster(home, relocated)
    return Cluster(home, home / "postgres")


def place_cluster(home: Path, account: Account) -> Cluster:
    """The cluster of a home, or the place for a new one that `account` can reach.

    No directory's mode is changed to let the account in.
    """
    cluster = find_cluster(home)
    if account.can_enter(cluster.location if cluster.data_dir.exists() else home):
        return cluster
    if cluster.data_dir.exists() or os.geteuid() != 0:
        raise UserError(
            f"the OS user {account.name} cannot enter {cluster.location}: "
            "a directory above it lost its permission, give it back"
        )
    return Cluster(home, make_relocated(home))


def make_relocated(home: Path) -> Path:
    """Root's place for what the server's account cannot reach in `home` or the environment."""
    location = RELOCATED / home_hash(home)
    make_dir(RELOCATED)
    make_dir(location)
    return location


def home_hash(home: Path) -> str:
    """Short name of a home: two homes never share a cluster."""
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def _initdb(target: Path, binaries: Binaries, account: Account) -> None:
    # C.UTF-8 of Postgres itself sorts the same on every machine; before 17 it is the C library's
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    choices = [builtin] if binaries.major >= 17 else [["--locale=C.UTF-8"], ["--locale=C"]]
    output = ""
    for locale in choices:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(target, account.uid, account.gid)
        command: list[str | Path] = [binaries.program("initdb"), "-D", target]
        command += ["-U", ADMIN_ROLE, "--encoding=UTF8", "--data-checksums", *locale]
        # initdb's own pg_hba.conf is never used, ours is; this only keeps it closed
        result = account.run([*command, "--auth-local=peer", "--auth-host=reject"])
        if result.returncode == 0:
            return
        output = result.stdout
        if "invalid locale name" not in output:
            break
    if full := disk_full(target.parent, output):
        raise full
    reasons = [line for line in output.splitlines() if "error:" in line or "FATAL:" in line]
    reason = reasons[-1] if reasons else (output.strip().splitlines() or ["killed"])[-1]
    raise UserError(f"initdb could not make {target.parent}: {reason}")


def disk_full(directory: Path, output: str) -> UserError | None:
    """The error to raise if Postgres' `output` or the free space says that the disk is full."""
    said = ("No space left on device", "Disk quota exceeded")
    # a server on a full disk cannot even write its log, so the free space counts too
    is_full = shutil.disk_usage(directory).free < 16 * 2**20
    return full_disk(directory) if is_full or any(text in output for text in said) else None


def full_disk(directory: Path) -> UserError:
    """The error that says so."""
    return UserError(
        f"the disk of {directory} is full: free at least 200 MB, "
        "or set COURSEHOUSE_HOME to a directory on another disk"
    )


def not_ours(home: Path) -> UserError:
    """The error to raise if this OS user may not use the files of `home`."""
    try:
        owner = home.owner()
    except (OSError, KeyError):
        return UserError(f"{home} is closed to this OS user: run this as its owner")
    return UserError(f"{home} belongs to the OS user {owner}: run this as {owner} or root")


def _read_record(home: Path) -> dict[str, object]:
    try:
        record = json.loads((home / "postgres.json").read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    except PermissionError:
        raise not_ours(home) from None
    return record if isinstance(record, dict) else {}


def _read_identifier(data_dir: Path) -> int:
    """The cluster's identity: pg_control begins with it."""
    with (data_dir / "global" / "pg_control").open("rb") as file:
        return int(struct.unpack("=Q", file.read(8))[0])

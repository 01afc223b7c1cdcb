"""The running server process: find it, start it, stop it."""

import errno
import itertools
import os
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from ingest import processes
from ingest.errors import UserError
from ingest.postgres.account import Account
from ingest.postgres.binaries import Binaries
from ingest.postgres.cluster import Cluster, disk_full
from ingest.postgres.files import open_private

START_SECONDS = 300  # recovery after a crash may replay some GB of WAL
STOP_SECONDS = 120
# a server killed a moment ago: its pid is not reaped yet, or its workers have not noticed yet
_PASSING = ('lock file "postmaster.pid" already exists', "pre-existing shared memory block")
_PASSING_SECONDS = 6.0
_LOG_LIMIT_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Postmaster:
    """A live server of one data directory."""

    pid: int
    port: int


def find_postmaster(cluster: Cluster) -> Postmaster | None:
    """The live server of this cluster, or None; a stale postmaster.pid counts as None."""
    try:
        lines = (cluster.data_dir / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
    except PermissionError:
        raise UserError(
            f"{cluster.data_dir} belongs to another OS user: run this as that user or root"
        ) from None
    return Postmaster(pid, port) if _serves(pid, cluster) else None


def start(cluster: Cluster, binaries: Binaries, account: Account, port: int) -> None:
    """Start the server and wait until it takes connections; it outlives this process.

    Raises `UserError` with the reason Postgres gave.
    """
    log = cluster.home / "postgres.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    settings = {
        "config_file": str(cluster.file("postgresql.conf")),
        "port": str(port),
        # only for `_holder`: tells others, in /proc, whose server this is
        "coursehouse.home": str(cluster.home),
    }
    options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
    command: list[str | Path] = [binaries.program("pg_ctl"), "start", "-w"]
    command += [
        "-t",
        str(START_SECONDS),
        "-o",
        f"-D {shlex.quote(str(cluster.data_dir))} {options}",
    ]
    # pg_ctl hands its own -D to a shell without quoting a `$` in it
    env = {"PGDATA": str(cluster.data_dir)}
    deadline = time.monotonic() + _PASSING_SECONDS
    while True:
        _remove_stale_lock(cluster)
        descriptor = open_private(log, os.O_RDWR | os.O_APPEND)
        with os.fdopen(descriptor, "rb+") as file:
            begin = file.seek(0, os.SEEK_END)
            result = account.run(command, file, env)
            file.seek(begin)
            output = file.read().decode(errors="replace")
        if result.returncode == 0:
            return
        if not any(text in output for text in _PASSING) or time.monotonic() > deadline:
            raise _reason(cluster, output, port)
        time.sleep(0.25)


def stop(cluster: Cluster, binaries: Binaries, account: Account) -> None:
    """Stop the server cleanly: sessions are ended, everything is written to disk."""
    options = ["-m", "fast", "-w", "-t", str(STOP_SECONDS)]
    result = account.run([binaries.program("pg_ctl"), "stop", "-D", cluster.data_dir, *options])
    if result.returncode != 0 and find_postmaster(cluster):
        reason = (result.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"the warehouse did not stop within {STOP_SECONDS} s: {reason}")


def _serves(pid: int, cluster: Cluster) -> bool:
    arguments = processes.arguments(pid)
    return ("-D", str(cluster.data_dir)) in itertools.pairwise(arguments)


def _remove_stale_lock(cluster: Cluster) -> None:
    """Delete postmaster.pid when its pid was given to a stranger, which would stop Postgres.

    Postgres itself clears the file of a dead server. Never while workers of a killed server live:
    then the file is what protects the data.
    """
    lock = cluster.data_dir / "postmaster.pid"
    try:
        pid = int(lock.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    if Path(f"/proc/{pid}").exists() and not _serves(pid, cluster) and not _workers(cluster):
        lock.unlink(missing_ok=True)


def _workers(cluster: Cluster) -> list[int]:
    title = f"postgres: {cluster.name}"
    return [pid for pid, arguments in processes.running() if arguments[0].startswith(title)]


def require_free(port: int, cluster: Cluster) -> None:
    """Raise `UserError` if somebody listens on this port, and say who if it is one of us.

    A server of this cluster that was killed a moment ago may still hold it: that is waited for.
    """
    if port < 1024:
        raise UserError(f"port {port} is reserved: set COURSEHOUSE_PG_PORT to one above 1023")
    has_crashed = (cluster.data_dir / "postmaster.pid").exists()
    deadline = time.monotonic() + (_PASSING_SECONDS if has_crashed else 0)
    while (
        number := processes.bind_error(port)
    ) == errno.EADDRINUSE and time.monotonic() < deadline:
        time.sleep(0.05)
    if number == errno.EADDRINUSE:
        raise _port_taken(port)
    if number:
        raise UserError(f"port {port} cannot be used: {os.strerror(number)}")


def _port_taken(port: int) -> UserError:
    return UserError(
        f"port {port} is taken by {_holder(port)}: set COURSEHOUSE_PG_PORT to a free port"
    )


def _holder(port: int) -> str:
    for _, arguments in processes.running():
        if f"port={port}" in arguments:
            for argument in arguments:
                if argument.startswith("coursehouse.home="):
                    return f"the warehouse of {argument.partition('=')[2]}"
    return "another program"


def _reason(cluster: Cluster, output: str, port: int) -> UserError:
    if full := disk_full(cluster.location, output):
        return full
    if "Address already in use" in output:
        return _port_taken(port)
    log = cluster.home / "postgres.log"
    if any(text in output for text in _PASSING):
        pids = ", ".join(map(str, _workers(cluster))) or f"see {cluster.data_dir}/postmaster.pid"
        return UserError(f"processes of a killed server still run ({pids}): end them and try again")
    if "server did not start in time" in output:
        return UserError(
            f"the warehouse is still recovering after {START_SECONDS} s: wait, then look at {log}"
        )
    said = re.findall(r"(?:FATAL|PANIC):\s+(.*)", output) or ["no reason given"]
    return UserError(f"Postgres did not start: {said[0]} (log: {log})")

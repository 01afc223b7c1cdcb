"""Which operating-system account runs the server. Postgres refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ingest.errors import UserError

SERVICE_ACCOUNT = "coursehouse"


@dataclass(frozen=True)
class Account:
    """An operating-system user."""

    name: str
    uid: int
    gid: int

    def run(
        self,
        command: Sequence[str | Path],
        output: int | IO[Any] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account and wait; root drops all its privileges for it.

        The program gets a bare environment: ours may hold secrets the account must not read in
        /proc, and PG* variables would change what Postgres does; `env` is added to it. Its output
        (with errors) is returned as text, or goes to the descriptor `output`. Raises `OSError`
        when the account cannot execute it.
        """
        return subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.PIPE if output is None else output,
            text=True,
            errors="replace",
            check=False,
            **self._surroundings(env),
        )

    def start(
        self,
        command: Sequence[str | Path],
        output: int | IO[Any],
        env: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Start a program like `run`, in a session of its own, so that it outlives this process."""
        return subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            start_new_session=True,
            **self._surroundings(env),
        )

    def _surroundings(self, env: Mapping[str, str] | None) -> dict[str, Any]:
        drop = os.geteuid() == 0
        keep = ("PATH", "LD_LIBRARY_PATH", "TZ")
        return {
            "env": {key: os.environ[key] for key in keep if key in os.environ}
            | {"LC_ALL": "C", **(env or {})},
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
            "stderr": subprocess.STDOUT,
            "user": self.uid if drop else None,
            "group": self.gid if drop else None,
            "extra_groups": [] if drop else None,
            "umask": 0o077,
        }

    def can_enter(self, directory: Path) -> bool:
        """True if this account may pass through every directory down to `directory`."""
        return self.run(["/bin/sh", "-c", 'test -x "$0"', directory]).returncode == 0


def current_account() -> Account:
    """The user of this process; a uid without a name is a `UserError` (Postgres needs one)."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise UserError(
            f"user id {uid} has no name on this machine and Postgres needs one: "
            "add it to /etc/passwd or use your own server by COURSEHOUSE_PG_HOST"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_account(data_dir: Path) -> Account:
    """Who runs the server: the owner of existing data, else this user, else for root a service
    account (an existing `coursehouse` or `postgres`, else one created, else `nobody`)."""
    me = current_account()
    if data_dir.exists():
        owner = _account_of(data_dir)
        if owner.uid == 0:
            raise UserError(f"{data_dir} belongs to root, as whom Postgres refuses to run")
        if me.uid not in (0, owner.uid):
            raise UserError(
                f"{data_dir} belongs to the OS user {owner.name}: run this as {owner.name} or root"
            )
        return owner
    if me.uid != 0:
        return me
    for name in (SERVICE_ACCOUNT, "postgres"):
        if account := _find(name):
            return account
    account = _create_service_account() or _find("nobody")
    if account is None:
        raise UserError("Postgres refuses to run as root and there is no other OS user: make one")
    return account


def powerless_account() -> Account:
    """Who runs a server that needs no file of ours: this user, for root `nobody`."""
    if os.geteuid() != 0:
        return Account("", os.geteuid(), os.getegid())  # a user without a name will do
    account = _find("nobody")
    if account is None:
        raise UserError("servers must not run as root and there is no OS user `nobody`: make one")
    return account


def _account_of(path: Path) -> Account:
    stat = path.stat()
    try:
        return Account(pwd.getpwuid(stat.st_uid).pw_name, stat.st_uid, stat.st_gid)
    except KeyError:
        raise UserError(f"{path} belongs to user id {stat.st_uid}, which has no name") from None


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _create_service_account() -> Account | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    shell = ["--shell", "/usr/sbin/nologin"]
    subprocess.run([useradd, *options, *shell, SERVICE_ACCOUNT], check=False, capture_output=True)
    return _find(SERVICE_ACCOUNT)

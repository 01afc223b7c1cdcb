"""Superset's processes: prepared in one, served by gunicorn, found again by their command line."""

import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import processes
from ingest.dashboards.logins import VIEWER_KEY, login_passwords, metadata_address
from ingest.dashboards.secret_state import FILE, secret
from ingest.errors import UserError
from ingest.postgres.account import Account, current_account, powerless_account
from ingest.postgres.files import make_dir, write_file
from ingest.settings import PROJECT_DIR, Settings

PROGRAMS = PROJECT_DIR / "superset" / "server"
LOCK = PROJECT_DIR / "requirements" / "superset.txt"
ADMIN = "admin"  # the first user
START_SECONDS = 90.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Prepared:
    """What bringing Superset up to date did; the password only if it was just made."""

    admin_password: str | None
    created: int
    changed: int
    unchanged: int
    removed: int


class SupersetServer:
    """The Superset of one home, on 127.0.0.1:`superset_port`. Errors of users are `UserError`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.home_dir / "superset"
        self.url = f"http://{processes.LOOPBACK}:{settings.superset_port}"
        self._python = settings.superset_environment / "bin" / "python"
        self._pid_file = self.folder / "gunicorn.pid"
        self._mark = settings.home_dir / "superset.prepared"
        self._served = settings.home_dir / "superset.served"

    def require_installed(self) -> None:
        """`UserError` unless the environment of the lock file is there."""
        if not (self.settings.superset_environment / "bin" / "gunicorn").exists():
            raise UserError("Superset is not installed: run `make superset`")

    def prepare(self, bundle: Path) -> Prepared:
        """Migrate the metadata, sync roles, create the first user, import the bundle's assets."""
        self._make_folder()
        report = self._run("prepare.py", self._readable(bundle))
        write_file(self._mark, self.fingerprint(bundle))
        return Prepared(**report)

    def warm(self, person: str = ADMIN) -> dict[str, Any]:
        """Run the queries of the charts somebody sees; superset/server/warm.py has the report."""
        return self._run("warm.py", person)

    def is_prepared(self, bundle: Path) -> bool:
        """True if the last `prepare` was with the same programs, packages, settings and assets."""
        return self._mark.exists() and self._mark.read_text() == self.fingerprint(bundle)

    def fingerprint(self, bundle: Path | None = None) -> str:
        """Of what runs, and of a bundle. Keyed, because a password is part of it."""
        digest = hmac.new(secret(self.settings, "secret_key").encode(), digestmod=hashlib.sha256)
        assets = [path for path in sorted(bundle.rglob("*")) if path.is_file()] if bundle else []
        for file in [LOCK, *sorted(PROGRAMS.glob("*.py")), *assets]:
            digest.update(file.name.encode() + file.read_bytes())
        digest.update(json.dumps(self._environment(), sort_keys=True).encode())
        return digest.hexdigest()

    def start(self) -> bool:
        """Serve in the background, until `/health` answers. False if it served already."""
        if self.find() is not None:
            return False
        if processes.bind_error(self.settings.superset_port):
            raise UserError(
                f"port {self.settings.superset_port} is taken: set COURSEHOUSE_SUPERSET_PORT"
            )
        self._make_folder()
        log = self.folder / "superset.log"
        with log.open("ab") as output:
            started = self._account().start(self._command(), output.fileno(), self._environment())
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if started.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise UserError(f"Superset did not start: see the end of {log}")
            time.sleep(0.2)
        write_file(self._served, self.fingerprint())
        return True

    def stop_outdated(self) -> bool:
        """Stop it if it was started with other programs, packages or settings than these."""
        is_same = self._served.exists() and self._served.read_text() == self.fingerprint()
        return not is_same and self.stop()

    def stop(self) -> bool:
        """End it and wait until it is gone. False if it did not run."""
        pid = self.find()
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while not processes.has_ended(pid):
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)  # the leader of its own session, workers included
                break
            time.sleep(0.05)
        return True

    def delete(self) -> None:
        """Stop it and delete what it keeps in the home; its database goes with the warehouse."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        for file in (self._mark, self._served, *self.settings.home_dir.glob(f"{FILE}*")):
            file.unlink(missing_ok=True)

    def find(self) -> int | None:
        """Pid of the running server of this home."""
        marks = [str(self._pid_file), "superset.app:create_app()"]
        found = [pid for pid, line in processes.running() if all(mark in line for mark in marks)]
        return min(found, default=None)  # the master is older than its workers

    def _run(self, program: str, *arguments: Path | str) -> dict[str, Any]:
        """Run a program in Superset's environment; returns the JSON object it prints last."""
        command = [self._python, PROGRAMS / program, *arguments]
        done = self._account().run(command, env=self._environment())
        lines = done.stdout.strip().splitlines() or ["it said nothing"]
        if done.returncode != 0:
            raise UserError(f"Superset: {lines[-1]}")
        report: dict[str, Any] = json.loads(next(x for x in reversed(lines) if x.startswith("{")))
        return report

    def _command(self) -> list[str]:
        options = {
            "--bind": f"{processes.LOOPBACK}:{self.settings.superset_port}",
            "--workers": str(self.settings.superset_workers),
            "--worker-class": "gthread",
            "--threads": "8",
            "--timeout": "120",
            "--graceful-timeout": "5",
            "--pid": str(self._pid_file),
            "--worker-tmp-dir": str(self.folder),
        }
        program = [str(self._python), "-m", "gunicorn", "superset.app:create_app()"]
        return program + [part for option in options.items() for part in option]

    def container_environment(self, host: str) -> dict[str, str]:
        """Variables of a container that reaches the warehouse at `host` (with its port)."""
        place = f"@{host}/"
        variables = self._keys()
        uri = variables["COURSEHOUSE_SUPERSET_METADATA_URI"]
        variables["COURSEHOUSE_SUPERSET_METADATA_URI"] = re.sub("@[^@/]+/", place, uri)
        return variables | {"COURSEHOUSE_SUPERSET_WAREHOUSE": host}

    def _environment(self) -> dict[str, str]:
        admin = self.settings.superset_admin_password
        return self._keys() | {
            "HOME": str(self.folder),
            "SUPERSET_HOME": str(self.folder),
            "SUPERSET_CONFIG_PATH": str(PROGRAMS / "superset_config.py"),
            "COURSEHOUSE_SUPERSET_CACHE_DIR": str(self.folder / "cache"),
            **({"COURSEHOUSE_SUPERSET_ADMIN_PASSWORD": admin.get_secret_value()} if admin else {}),
        }

    def _keys(self) -> dict[str, str]:
        settings = self.settings
        return {
            "COURSEHOUSE_SUPERSET_SECRET_KEY": secret(settings, "secret_key"),
            "COURSEHOUSE_SUPERSET_VIEWER_KEY": secret(settings, VIEWER_KEY),
            "COURSEHOUSE_SUPERSET_GUEST_SECRET": secret(settings, "guest_token"),
            "COURSEHOUSE_SUPERSET_METADATA_URI": metadata_address(settings),
            "COURSEHOUSE_SUPERSET_WORKERS": str(settings.superset_workers),
            "COURSEHOUSE_SUPERSET_BEHIND_TLS": str(settings.superset_behind_tls).lower(),
            **{f"COURSEHOUSE_LOGIN_{k}": v for k, v in login_passwords(settings).items()},
        }

    def _account(self) -> Account:
        """Who runs it: for root somebody with less power, if the programs are open to others."""
        account = powerless_account()
        needed = (self._python, PROGRAMS, self.folder.parent)
        is_open = all(account.can_enter(path) for path in needed)
        return account if is_open else current_account()

    def _make_folder(self) -> None:
        make_dir(self.settings.home_dir)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        account = self._account()
        if os.geteuid() == 0:
            shutil.chown(self.folder, account.uid, account.gid)

    def _readable(self, bundle: Path) -> Path:
        """A copy that the account may read, whatever the folder of the project allows."""
        copy = self.folder / "bundle"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bundle, copy)
        if os.geteuid() == 0:
            account = self._account()
            for path in (copy, *copy.rglob("*")):
                os.chown(path, account.uid, account.gid)
        return copy

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

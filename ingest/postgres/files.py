"""Files in the home that hold secrets or state: private, replaced whole, never through a link.

Root may serve a home that belongs to somebody else, so what root writes there is handed to the
home's owner, and a symbolic link planted there is not followed.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import UserError


def open_private(path: Path, flags: int) -> int:
    """Open (or create with mode 0600) `path` without following a link; returns the descriptor."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    _give_to_owner_of(path.parent, descriptor)
    return descriptor


def write_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace `path` in one step; a reader sees the old or the new text, never half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
            os.fchmod(descriptor, mode)
            _give_to_owner_of(path.parent, descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def make_dir(path: Path) -> None:
    """Create `path` if missing: enterable for the server's account when root does it.

    Only a directory made here gets a mode; an existing one is left as it is.
    """
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(exist_ok=True)
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)


@contextmanager
def only_one(path: Path, patience_seconds: float = 120.0) -> Iterator[None]:
    """Hold the lock file `path`; the kernel frees it when the holder dies.

    Raises `UserError` when somebody else holds it longer than `patience_seconds`.
    """
    descriptor = open_private(path, os.O_RDWR)
    try:
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise UserError(
                    f"another `coursehouse up` or `down` has held {path} for "
                    f"{patience_seconds:.0f} s: wait for it or end it"
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _give_to_owner_of(directory: Path, descriptor: int) -> None:
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)

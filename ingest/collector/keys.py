"""Write keys: who may send. Only SHA-256 hashes are kept; a key is 256 random bits, so that a
plain hash is enough and nothing can be learned from how long a look-up takes."""

import hashlib
import json
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Mapping
from pathlib import Path

from ingest.errors import UserError

log = logging.getLogger("coursehouse.collector")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
HASH = re.compile(r"[0-9a-f]{64}")
LOOK_AGAIN_SECONDS = 1.0


class Keys:
    """Names by hash of key, from a file that may change while we run, and from the environment."""

    def __init__(self, file: Path, inline: str = "") -> None:
        self._file = file
        self._inline = _parse_inline(inline)
        self._stamp = _stamp(file)
        self._by_hash = _by_hash(self._inline | read_keys(file))
        self._looked_at = time.monotonic()

    def __bool__(self) -> bool:
        return bool(self._by_hash)

    def client_of(self, headers: Mapping[str, str]) -> str | None:
        """Name of the key in `Authorization: Bearer` or `X-Write-Key`, None if there is none."""
        key = bearer(headers) or headers.get("x-write-key", "")
        self._look_again()
        return self._by_hash.get(_hash(key))

    def _look_again(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_AGAIN_SECONDS:
            return
        self._looked_at = now
        stamp = _stamp(self._file)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._by_hash = _by_hash(self._inline | read_keys(self._file))
        except UserError as error:  # half an edit locks nobody out
            log.error("the keys stay as they were: %s", error)


def bearer(headers: Mapping[str, str]) -> str:
    """The token of `Authorization: Bearer`, empty if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def new_key(file: Path, name: str) -> str:
    """Make a key, keep its hash in `file` (mode 0600) and give the key back, this once."""
    if not NAME.fullmatch(name):
        raise UserError(f"{name!r} is no name of a key: use a-z, 0-9, _ and -, at most 64")
    keys = read_keys(file)
    if name in keys:
        raise UserError(f"there is a key named {name}: take another name, or delete it in {file}")
    key = f"chk_{secrets.token_urlsafe(32)}"
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.touch(mode=0o600, exist_ok=False)
    part.write_text(json.dumps(keys | {name: _hash(key)}, indent=2))
    part.replace(file)
    return key


def read_keys(file: Path) -> dict[str, str]:
    """Hash by name; empty without a file. `UserError` if it is open to others or no such list."""
    try:
        mode = file.stat().st_mode
        text = file.read_text()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise UserError(f"{file} is open to others: chmod 600 {file}")
    try:
        keys = json.loads(text)
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or not all(_is_key(*pair) for pair in keys.items()):
        raise UserError(f'{file} is not of the form {{"name": "SHA-256 in hex"}}')
    return keys


def _parse_inline(text: str) -> dict[str, str]:
    keys = dict(part.strip().partition("=")[::2] for part in text.split(",") if part.strip())
    if not all(_is_key(*pair) for pair in keys.items()):
        raise UserError("COURSEHOUSE_COLLECT_KEYS is not of the form name=SHA-256 in hex,...")
    return keys


def _is_key(name: object, hash_: object) -> bool:
    return (
        isinstance(name, str)
        and isinstance(hash_, str)
        and bool(NAME.fullmatch(name) and HASH.fullmatch(hash_))
    )


def _by_hash(keys: dict[str, str]) -> dict[str, str]:
    return {hash_: name for name, hash_ in keys.items()}


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino

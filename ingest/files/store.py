"""Folders and object stores through fsspec: one way to list, read and write them."""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import known_implementations

from ingest.errors import UserError

BLOCK_BYTES = 1 << 20
PUBLIC_PART = re.compile(r"[?#].*|(?<=://)[^/@]*@")  # a signed address carries its secret


@dataclass(frozen=True, slots=True)
class File:
    """A file as the store lists it. The fingerprint changes whenever the file is written.

    It is None where the store tells nothing that would.
    """

    path: str
    size: int
    fingerprint: str | None
    modified_at: datetime | None  # None where the store does not tell


class Store:
    """A file system and the path in it that an address names."""

    def __init__(self, url: str) -> None:
        """Raises `UserError` for an address of no known kind or without its package."""
        self.url = shown(url)
        protocol = url.partition("://")[0] if "://" in url else "file"
        try:
            fs, root = url_to_fs(url, use_listings_cache=False)
        except ImportError:
            package = re.search(r"\b(\w+fs|aiohttp|paramiko|requests)\b", _hint(protocol))
            raise UserError(
                f"{protocol}:// needs the package {package[1] if package else protocol}: "
                "install it beside Coursehouse with pip"
            ) from None
        except ValueError as error:
            raise UserError(f"cannot use {self.url}: {error}") from None
        self.fs: AbstractFileSystem = fs
        self.root: str = root.rstrip("/")

    @property
    def is_local(self) -> bool:
        """True for a folder of this machine."""
        return isinstance(self.fs, LocalFileSystem)

    def files(self) -> list[File]:
        """Every file below the root, or the root itself, ordered by path.

        Raises `UserError` if there is nothing or no answer.
        """
        with answered(self.url):
            self.fs.invalidate_cache()
            if self.fs.isfile(self.root):
                return [self._file(self.fs.info(self.root))]
            found = self.fs.find(self.root, detail=True)
            if not found and not self.fs.exists(self.root):
                raise UserError(f"there is no {self.url}")
            return [self._file(info) for _, info in sorted(found.items()) if _is_file(info)]

    def look(self, file: File) -> File | None:
        """The same file as it is now, None if it is gone."""
        self.fs.invalidate_cache()
        with suppress(FileNotFoundError):
            return self._file(self.fs.info(file.path))
        return None

    def name(self, file: File) -> str:
        """The full address, for manifests and messages."""
        name = shown(cast(str, self.fs.unstrip_protocol(file.path)))
        return name.encode(errors="replace").decode()  # a name may be no text at all

    @contextmanager
    def fetched(self, file: File) -> Iterator[tuple[BinaryIO, bytes]]:
        """The content as a local seekable file, and its sha256. Remote ones are read once."""
        if self.is_local:
            with Path(file.path).open("rb") as source:
                digest = hashlib.file_digest(source, "sha256").digest()
                source.seek(0)
                yield source, digest
            return
        sha = hashlib.sha256()
        with tempfile.TemporaryFile() as copy:
            with self.fs.open(file.path, "rb") as source:
                while block := source.read(BLOCK_BYTES):
                    sha.update(block)
                    copy.write(block)
            copy.seek(0)
            yield copy, sha.digest()

    @contextmanager
    def written(self, path: str) -> Iterator[BinaryIO]:
        """A file that appears whole or not at all, in the place of any it finds there."""
        if not self.is_local:  # an object appears when its upload is complete
            with self.fs.open(path, "wb", block_size=16 * BLOCK_BYTES) as target:
                try:
                    yield target
                except BaseException:
                    target.discard()
                    target.closed = True
                    raise
            return
        folder, _, name = path.rpartition("/")
        self.fs.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{name}.part"
        try:
            with self.fs.open(temporary, "wb", auto_mkdir=False) as target:
                yield target
            self.fs.mv(temporary, path)
        except BaseException:
            with suppress(OSError):
                self.fs.rm_file(temporary)
            raise

    def remove(self, path: str) -> None:
        """Delete a file; one that is gone already is fine."""
        with suppress(FileNotFoundError):
            self.fs.rm_file(path)

    def _file(self, info: dict[str, Any]) -> File:
        return File(
            path=info["name"],
            size=int(info.get("size") or 0),
            fingerprint=_fingerprint(info),
            modified_at=_modified(info),
        )


@contextmanager
def answered(url: str) -> Iterator[None]:
    """Turn what a store's library raises into one sentence."""
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"there is no {url}") from None
    except PermissionError as error:
        raise UserError(f"no permission for {url}: {_reason(error)}") from None
    except OSError as error:
        raise UserError(f"cannot use {url}: {_reason(error)}") from None
    except Exception as error:
        # the libraries behind fsspec raise classes of their own: aiohttp, botocore, google
        if type(error).__module__.split(".")[0] in {"builtins", "ingest", "psycopg", "pyarrow"}:
            raise
        raise UserError(f"cannot use {url}: {_reason(error)}") from None


def shown(url: str) -> str:
    """An address without the secrets it may carry; a plain path as it is."""
    return PUBLIC_PART.sub("", url) if urlsplit(url).scheme not in ("", "file") else url


def _reason(error: BaseException) -> str:
    strerror = getattr(error, "strerror", None)
    return strerror or shown(" ".join(str(error).split())) or type(error).__name__


def _hint(protocol: str) -> str:
    return str(known_implementations.get(protocol, {}).get("err", ""))


def _is_file(info: dict[str, Any]) -> bool:
    return bool(info["type"] == "file")


def _fingerprint(info: dict[str, Any]) -> str | None:
    """Listing and asking for one file give the same; times may be rounded in one of them."""
    tags = [str(info[key]) for key in ("ETag", "etag", "generation") if info.get(key)]
    # the inode's own time changes with the content, whatever the file claims as its time
    evidence = tags or [str(info[key]) for key in ("ino", "created", "mtime") if key in info]
    if not evidence:
        return None
    stated = "\n".join([info["name"], str(info.get("size")), *evidence])
    return hashlib.sha256(stated.encode(errors="replace")).hexdigest()


def _modified(info: dict[str, Any]) -> datetime | None:
    for key in ("mtime", "LastModified", "last_modified", "updated"):
        value = info.get(key)
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            with suppress(ValueError):
                return datetime.fromisoformat(value).astimezone(UTC)
    return None

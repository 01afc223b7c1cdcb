"""`coursehouse load files`: each file once, in one transaction, whole or not at all.

What a file holds is read, checked and staged without any lock; the publish lock is taken last.
A file that somebody may still be writing waits, and nobody minds: the next look finds it.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import BinaryIO, Literal

import psycopg

from ingest.errors import UserError
from ingest.events import raw
from ingest.events.contracts import contract_of
from ingest.events.stage import Stage, StagedLetter, StagedRow
from ingest.events.topics import Topic, choose, logs
from ingest.files.formats import format_of, rows_of
from ingest.files.rows import BrokenError, Row, UnfinishedError
from ingest.files.store import File, Store, answered
from ingest.kafka.summary import Tally
from ingest.monitoring.figures import Figures
from ingest.settings import Settings
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts
from ingest.warehouse.session import warehouse

SOURCE = "files"
LANE: raw.Lane = "file"
# what is checked and copied at once: bounds memory, for long rows too
CHUNK_ROWS, CHUNK_BYTES = 10_000, 16 << 20

Say = Callable[[str], None]
Outcome = Literal["loaded", "known", "waiting", "broken", "ignored"]


@dataclass
class FilesLoaded:
    """What became of the files of one look, and rows accepted and rejected."""

    files: Counter[Outcome] = field(default_factory=Counter)
    accepted: int = 0
    rejected: int = 0


def load_files(
    settings: Settings,
    url: str,
    say: Say,
    topic: str | None = None,
    figures: Figures | None = None,
) -> FilesLoaded:
    """Load what is new in a file, a folder or an object store.

    Without `topic` the nearest folder named like a topic decides. Broken files are said and
    counted, the others are loaded. Raises `UserError`.
    """
    with closing(watch_files(settings, url, say, topic, figures)) as looks:
        return next(looks)


def watch_files(
    settings: Settings,
    url: str,
    say: Say,
    topic: str | None = None,
    figures: Figures | None = None,
) -> Generator[FilesLoaded]:
    """The same, one look each time the next result is asked for. Raises `UserError`."""
    figures = figures or Figures(SOURCE)
    figures.expect([topic] if topic else logs())
    given = choose([topic], logs())[0] if topic else None
    store = Store(url)
    with warehouse(settings) as conn:
        loader = FileLoader(settings, conn, store, given, say, figures)
        while True:
            yield loader.look()


class FileLoader:
    """Looks at a store again and again; says of each file once what cannot be done with it."""

    def __init__(
        self,
        settings: Settings,
        conn: psycopg.Connection,
        store: Store,
        topic: Topic | None,
        say: Say,
        figures: Figures,
    ) -> None:
        self.figures = figures
        self.settings = settings
        self.conn = conn
        self.store = store
        self.topic = topic
        self.say = say
        self._said: set[str] = set()

    def look(self) -> FilesLoaded:
        """Load what is new now."""
        result = FilesLoaded()
        known = set(
            self.conn.execute(
                "select topic, fingerprint from ops.file_manifest where fingerprint is not null"
            )
        )
        for file in self.store.files():
            topic = self._topic_of(file)
            if topic and (topic.topic, file.fingerprint) in known:
                result.files["known"] += 1
            else:
                result.files[self._try(file, topic, result)] += 1
        self.figures.succeeded()
        return result

    def _try(self, file: File, topic: Topic | None, result: FilesLoaded) -> Outcome:
        name = self.store.name(file)
        if _is_hidden(self._relative(file)) or format_of(name) is None:
            return "ignored"
        if topic is None:
            return self._broken(
                file, "of which topic? put it into a folder of that name, or --topic"
            )
        if self._is_fresh(file):
            return self._waiting(file, "it was written a moment ago")
        try:
            with answered(name), self.store.fetched(file) as (content, sha256):
                return self._load(file, topic, content, sha256, result)
        except UnfinishedError as error:
            if self._is_stale(file):
                return self._broken(file, f"{error}, and nobody goes on writing it")
            return self._waiting(file, str(error))
        except (BrokenError, UserError) as error:
            return self._broken(file, str(error))

    def _load(
        self, file: File, topic: Topic, content: BinaryIO, sha256: bytes, result: FilesLoaded
    ) -> Outcome:
        started_at = datetime.now(UTC)
        if self._is_known(topic, sha256):
            return "known"
        with self.conn.transaction() as transaction:
            staged = _Staged(self.conn, topic, file, self._new_file_id(), self.figures)
            for chunk in _chunks(rows_of(content, self.store.name(file), topic.topic)):
                staged.add(chunk)
            if not _is_same(file, self.store.look(file)):
                raise UnfinishedError("it was written while it was read")
            load_id = next_load_id(self.conn)
            # under the lock nobody else can be about to load the same
            if self._is_known(topic, sha256):
                raise psycopg.Rollback(transaction)
            loaded_at = datetime.now(UTC)
            accepted, rejected = staged.stage.publish(load_id, loaded_at)
            self.conn.execute(
                "insert into ops.file_manifest (file_id, topic, file_name, fingerprint, sha256,"
                " size_bytes, row_count, rejected_count, load_id, loaded_at)"
                " overriding system value values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    *(staged.file_id, topic.topic, self.store.name(file), file.fingerprint),
                    *(sha256, file.size, accepted + rejected, rejected, load_id, loaded_at),
                ],
            )
            tables = {topic.table_name: {"inserted": accepted, "rejected": rejected}}
            record_load(self.conn, load_id, SOURCE, Counts(accepted), started_at, tables)
            result.accepted += accepted
            result.rejected += rejected
            self.say(f"{self.store.name(file)}: {accepted:,} rows, {rejected:,} rejected")
            self.figures.stored(staged.tally)
            self.figures.changed(Counts(accepted))
            self.figures.batch((datetime.now(UTC) - started_at).total_seconds())
            return "loaded"
        return "known"

    def _is_known(self, topic: Topic, sha256: bytes) -> bool:
        query = "select 1 from ops.file_manifest where topic = %s and sha256 = %s"
        return self.conn.execute(query, [topic.topic, sha256]).fetchone() is not None

    def _new_file_id(self) -> int:
        """Drawn first: rows carry it. A file that is not loaded leaves a gap, which is harmless."""
        query = "select nextval(pg_get_serial_sequence('ops.file_manifest', 'file_id'))"
        row = self.conn.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _topic_of(self, file: File) -> Topic | None:
        if self.topic:
            return self.topic
        root = PurePosixPath(self.store.root)
        folders = [root.parent.name, root.name, *PurePosixPath(self._relative(file)).parts[:-1]]
        return next((logs()[name] for name in reversed(folders) if name in logs()), None)

    def _relative(self, file: File) -> str:
        """The path below the root; the name if the file is the root."""
        below = file.path.removeprefix(self.store.root).strip("/")
        return below or PurePosixPath(file.path).name

    def _is_fresh(self, file: File) -> bool:
        quiet = timedelta(seconds=self.settings.files_quiet_seconds)
        return file.modified_at is not None and _age(file.modified_at) < quiet

    def _is_stale(self, file: File) -> bool:
        patience = timedelta(minutes=self.settings.files_patience_minutes)
        return file.modified_at is None or _age(file.modified_at) >= patience

    def _waiting(self, file: File, why: str) -> Outcome:
        self._say_once(file, f"waits, {why}")
        return "waiting"

    def _broken(self, file: File, why: str) -> Outcome:
        self._say_once(file, f"cannot be loaded: {why}")
        return "broken"

    def _say_once(self, file: File, text: str) -> None:
        line = f"{self.store.name(file)}: {text}"
        if line not in self._said:
            self._said.add(line)
            self.say(line)


class _Staged:
    """The rows of one file on the stage."""

    def __init__(
        self,
        conn: psycopg.Connection,
        topic: Topic,
        file: File,
        file_id: int,
        figures: Figures,
    ) -> None:
        self.stage = Stage(conn, topic)
        self.file_id = file_id
        self.tally = Tally()
        self._figures = figures
        self._topic = topic
        self._produced_at = file.modified_at
        self._version = contract_of(topic.topic).version

    def add(self, rows: list[Row]) -> None:
        """Sort a chunk by the contract and stage it."""
        checked = raw.sort(self._topic, [self._record(row) for row in rows if not row.rejection])
        unreadable = [(self._record(row), row.rejection) for row in rows if row.rejection]
        accepted = [
            StagedRow(LANE, self.file_id, r.offset, None, r.value or b"", r.produced_at)
            for r in checked.accepted
        ]
        with self._figures.writing(len(accepted)):
            unstorable = self.stage.add(accepted)
        letters = [StagedLetter.of(row, why, self._version) for row, why in unstorable]
        for record, why in checked.rejected + unreadable:
            letters.append(
                StagedLetter(
                    *(LANE, self.file_id, record.offset, None, record.value, record.produced_at),
                    *(why.error_class, why.reason, self._version),
                )
            )
        self.stage.add_letters(letters)
        reasons = [why for _, why in unstorable + checked.rejected + unreadable]
        self.tally.add(self._topic.topic, len(accepted) - len(unstorable), reasons)

    def _record(self, row: Row) -> raw.Record:
        return raw.Record(self.file_id, row.number, None, row.value, self._produced_at)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.value)
        if len(chunk) >= CHUNK_ROWS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    yield chunk


def _is_hidden(path: str) -> bool:
    """What tools write before they rename it, and what they keep for themselves."""
    parts = PurePosixPath(path).parts
    is_temporary = parts[-1].lower().endswith((".tmp", ".part", ".crdownload"))
    return is_temporary or any(part.startswith(("_", ".")) for part in parts)


def _is_same(before: File, after: File | None) -> bool:
    return after is not None and (before.size, before.fingerprint) == (
        after.size,
        after.fingerprint,
    )


def _age(moment: datetime) -> timedelta:
    """How far away; a file dated in the future does not wait until then."""
    return abs(datetime.now(UTC) - moment)

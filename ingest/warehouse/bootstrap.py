"""Create what every load and build expects: schemas, the load manifest, the pseudonym key."""

import hashlib
import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from ingest.erasure import tombstones
from ingest.events import raw
from ingest.warehouse.manifest import PUBLISH_LOCK

# Two bootstraps at once would race on `create ... if not exists`; a load that publishes holds
# locks that a bootstrap waits for, and the other way round.
BOOTSTRAP_LOCKS = ("coursehouse:bootstrap", PUBLISH_LOCK)
FILES = (Path(__file__).parent / "bootstrap.sql", Path(tombstones.__file__).parent / "erasure.sql")
BLOCK_BYTES = 64  # block size of SHA-256, RFC 2104


def bootstrap(conn: psycopg.Connection) -> None:
    """Apply `bootstrap.sql` and create the first pseudonym key, in one transaction.

    Idempotent. Where it was done before it only reads, so that no load waits for another one.
    Raises `psycopg.Error` when the role may not create schemas.
    """
    parts = [sql.SQL(file.read_text()) for file in FILES]
    ddl = sql.SQL("\n").join([*parts, *raw.table_ddl()]).as_string(conn)
    mark = f"coursehouse, bootstrap {hashlib.sha256(ddl.encode()).hexdigest()}"
    with conn.transaction():
        if _mark(conn) == mark:
            return
        for lock in BOOTSTRAP_LOCKS:
            conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [lock])
        conn.execute("set local client_min_messages = warning")
        conn.execute(ddl)
        inner, outer = padded_keys(secrets.token_bytes(32))
        conn.execute(
            "insert into vault.pseudonym_key (key_version, inner_key, outer_key)"
            " select 1, %s, %s where not exists"
            " (select 1 from vault.pseudonym_key where purpose = 'learner')",
            [inner, outer],
        )
        if tombstones.exist(conn):
            tombstones.ensure_triggers(conn)
        conn.execute(sql.SQL("comment on schema ops is {}").format(sql.Literal(mark)))


def _mark(conn: psycopg.Connection) -> str | None:
    """What the last bootstrap of this database left to be known by."""
    row = conn.execute("select obj_description(to_regnamespace('ops'), 'pg_namespace')").fetchone()
    return row[0] if row else None


def padded_keys(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer padded key of HMAC-SHA256 (RFC 2104) for a key of at most 64 bytes."""
    padded = key.ljust(BLOCK_BYTES, b"\0")
    return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)

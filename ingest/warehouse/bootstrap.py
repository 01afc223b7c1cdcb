"""Create what every load and build expects: schemas, the load manifest, the pseudonym key."""

import secrets
from pathlib import Path

import psycopg

from ingest.events import raw

# Two bootstraps at once would race on `create ... if not exists`.
BOOTSTRAP_LOCK = "coursehouse:bootstrap"
BLOCK_BYTES = 64  # block size of SHA-256, RFC 2104


def bootstrap(conn: psycopg.Connection) -> None:
    """Apply `bootstrap.sql` and create the first pseudonym key, in one transaction.

    Idempotent. Raises `psycopg.Error` when the role may not create schemas.
    """
    ddl = (Path(__file__).parent / "bootstrap.sql").read_text()
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [BOOTSTRAP_LOCK])
        conn.execute("set local client_min_messages = warning")
        conn.execute(ddl)
        raw.create_tables(conn)
        inner, outer = padded_keys(secrets.token_bytes(32))
        conn.execute(
            "insert into vault.pseudonym_key (key_version, inner_key, outer_key)"
            " select 1, %s, %s where not exists (select 1 from vault.pseudonym_key)",
            [inner, outer],
        )


def padded_keys(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer padded key of HMAC-SHA256 (RFC 2104) for a key of at most 64 bytes."""
    padded = key.ljust(BLOCK_BYTES, b"\0")
    return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)

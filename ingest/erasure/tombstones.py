"""What keeps an erased person from coming back: tombstones, and triggers that look at them.

The triggers are made by the first erasure, so that nobody pays for them before.
"""

import secrets
from collections.abc import Iterable

import psycopg
from psycopg import sql

from ingest.events.topics import logs

KEY_VERSION = 0  # of the key of tombstones; those of pseudonyms count from 1

_STRIPE = (("events", "withhold_stripe_event"), ("objects", "withhold_stripe"))
_TRIGGER = sql.SQL(
    "create or replace trigger withhold_erased before insert on {table}"
    " for each row execute function {function}({arguments})"
)


def exist(conn: psycopg.Connection) -> bool:
    """Whether anybody was ever erased."""
    return conn.execute("select exists(select from vault.erased)").fetchone() == (True,)


def set_up(conn: psycopg.Connection, subjects: Iterable[tuple[str, str]]) -> None:
    """Remember `subjects`, pairs of system and id, by their hashes, and withhold what comes."""
    # imported here: a bootstrap ends with `ensure_triggers`
    from ingest.warehouse.bootstrap import padded_keys

    conn.execute(
        "insert into vault.pseudonym_key (key_version, inner_key, outer_key, purpose)"
        " values (%s, %s, %s, 'erasure') on conflict do nothing",
        [KEY_VERSION, *padded_keys(secrets.token_bytes(32))],
    )
    for system, id_ in subjects:
        conn.execute(
            "insert into vault.erased (subject_hash) values (vault.tombstone(%s, %s))"
            " on conflict do nothing",
            [system, id_],
        )
    ensure_triggers(conn)


def ensure_triggers(conn: psycopg.Connection) -> None:
    """On every table that records and letters of people come to, also one that is new."""
    for topic in logs().values():
        _attach(conn, ("raw_events", topic.table_name), "withhold_record", topic.person_field)
    _attach(conn, ("raw_events", "dead_letter"), "withhold_letter")
    for table, function in _STRIPE:
        _attach(conn, ("raw_stripe", table), function)


def _attach(
    conn: psycopg.Connection, table: tuple[str, str], function: str, *arguments: str
) -> None:
    conn.execute(
        _TRIGGER.format(
            table=sql.Identifier(*table),
            function=sql.Identifier("vault", function),
            arguments=sql.SQL(", ").join(map(sql.Literal, arguments)),
        )
    )

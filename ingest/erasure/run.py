"""`coursehouse erase`: one transaction in the warehouse, then the files of the archive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from ingest.archive.catalog import is_used
from ingest.build_lock import building
from ingest.erasure import archived, built, events, moodle, stripe, tombstones
from ingest.erasure.person import Person, by_hash, find, system_of
from ingest.errors import UserError
from ingest.files.load import Say
from ingest.files.store import Store
from ingest.moodle.changes import SWEEP_LOCK
from ingest.settings import Settings
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts
from ingest.warehouse.session import warehouse

SOURCE = "erasure"


@dataclass
class Erased:
    """Rows by table, files of the archive, customers of Stripe that were the person."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    customers: tuple[str, ...] = ()


def erase(
    settings: Settings,
    say: Say,
    user: str | None = None,
    student_hash: str | None = None,
    customers: Sequence[str] = (),
    *,
    is_dry: bool = False,
) -> Erased:
    """Erase one person, or with `is_dry` only say what would go. Safe to repeat.

    Loads of Moodle and builds wait meanwhile. Raises `UserError`.
    """
    with building(settings, say), warehouse(settings) as conn:
        system, id_ = _named(conn, user, student_hash, customers)
        result = Erased()
        with conn.transaction() as transaction:
            conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [SWEEP_LOCK])
            person = find(conn, system, id_, tuple(customers))
            known_before = _is_tombstoned(conn, person)
            _erase_rows(conn, person, result)
            if is_dry:
                raise psycopg.Rollback(transaction)
        result.customers = person.customers
        if is_used(settings, conn):
            store = Store(settings.archive)
            result.files = archived.rewrite(conn, store, person, say, is_dry=is_dry)
        if not (result.rows or result.files or known_before):
            raise UserError("nothing in the warehouse is about this person")
        if person.shares_email:
            say("others have the same e-mail address: customers of Stripe are found by id only")
    return result


def _named(
    conn: psycopg.Connection, user: str | None, student_hash: str | None, customers: Sequence[str]
) -> tuple[str, str]:
    if student_hash:
        return by_hash(conn, student_hash)
    if user:
        return system_of(user), user
    return "stripe", customers[0]


def _is_tombstoned(conn: psycopg.Connection, person: Person) -> bool:
    found = conn.execute("select vault.is_erased(%s, %s)", [person.system, person.id]).fetchone()
    return found == (True,)


def _erase_rows(conn: psycopg.Connection, person: Person, result: Erased) -> None:
    started_at = datetime.now(UTC)
    load_id = next_load_id(conn)
    rows = moodle.replace(conn, person, load_id)
    rows |= events.replace(conn, person, load_id)
    rows |= stripe.scrub(conn, person, load_id)
    rows |= built.replace(conn, person.hashes)
    if conn.execute("select to_regclass('vault.pseudonyms') is not null").fetchone() == (True,):
        forgotten = conn.execute(
            "delete from vault.pseudonyms where source_system = %s and source_user_id = %s",
            [person.system, person.id],
        ).rowcount
        rows |= {"vault.pseudonyms": forgotten} if forgotten else {}
    result.rows = rows
    if rows:
        record_load(
            conn, load_id, SOURCE, Counts(updated=sum(rows.values())), started_at, tables={}
        )
        conn.execute(
            "insert into audit.erasure (load_id, table_rows) values (%s, %s)",
            [load_id, Jsonb(rows)],
        )
    # last: from here on whatever arrives of the person is withheld
    tombstones.set_up(conn, person.subjects())

"""A played account straight into a warehouse: as the receiver and `load stripe` store theirs."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg

from ingest.simulate.money.deliver import deliveries
from ingest.simulate.money.play import Played
from ingest.stripe.events import append
from ingest.stripe.kinds import KINDS, PAYOUT_TRANSACTIONS, Kind
from ingest.stripe.store import SOURCE, Found, Store
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts


def store_account(conn: psycopg.Connection, played: Played) -> Counts:
    """Store its webhooks, what the API lists at the end, and what each payout paid out.

    The connection is in autocommit mode, as for `Store`. Returns what is new; a second time, none.
    """
    began = datetime.now(UTC)
    counts = _add_events(conn, deliveries(played), began)
    store = Store(conn, livemode=True)
    fetched_at = datetime.fromtimestamp(played.plan.end, UTC)
    entries: dict[str, Found] = {}
    for kind, listed in _listed(played, fetched_at):
        counts += store.add(kind, listed, began)
        entries |= {str(found.payload["id"]): found for found in listed}
    for payout, members in played.world.ledger.members.items():
        paid_out = [entries[id_] for id_ in members]
        counts += store.link(KINDS[PAYOUT_TRANSACTIONS], payout, paid_out, began)
    return counts


def _add_events(conn: psycopg.Connection, bodies: list[bytes], began: datetime) -> Counts:
    with conn.transaction():
        load_id = next_load_id(conn)
        counts = Counts(inserted=append(conn, "http", bodies, load_id, datetime.now(UTC)))
        if counts.total:
            record_load(conn, load_id, SOURCE, counts, began, {"events": vars(counts)})
    return counts


def _listed(played: Played, fetched_at: datetime) -> Iterator[tuple[Kind, list[Found]]]:
    """What `load stripe` reads: not everything an account has."""
    objects = played.objects()["objects"]
    for kind in KINDS.values():
        if kind.name != PAYOUT_TRANSACTIONS:
            states = objects.get(kind.object_type, [])
            yield kind, [Found(state, fetched_at) for state in states]

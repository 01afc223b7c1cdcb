"""Store what Stripe's API answered: rows and position in one transaction, or nothing (law 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ingest.events.contracts import Rejection
from ingest.events.storable import write_storable
from ingest.stripe.client import API_VERSION, Object
from ingest.stripe.events import INSERT as INSERT_EVENTS
from ingest.stripe.kinds import EVENTS, Kind
from ingest.stripe.letters import add_letters
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts

SOURCE = "stripe"


@dataclass(frozen=True, slots=True)
class Found:
    """An object as Stripe gave it. `is_deleted`: it is gone, and this is what is left to say."""

    payload: Object
    fetched_at: datetime
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """How far a kind was read: a row of `ops.stripe_position`."""

    complete_at: datetime | None = None
    listed_all_at: datetime | None = None
    pass_started_at: datetime | None = None
    pass_since: datetime | None = None
    pass_until: datetime | None = None


# A state is kept where it differs from the newest one that was fetched, or where an event told of
# the object since: what it told may have been undone again by an event that never came.
_ADD_OBJECTS = """
with fetched as (
    select distinct on (payload ->> 'object', payload ->> 'id')
        vault.without_erased(payload) as payload, fetched_at, is_deleted,
        payload ->> 'object' as object_type, payload ->> 'id' as object_id
    from unnest(%(payloads)s::jsonb [], %(fetched_at)s::timestamptz [], %(is_deleted)s::boolean [])
        as answers (payload, fetched_at, is_deleted)
    order by payload ->> 'object', payload ->> 'id', fetched_at desc
),

changed as (
    select
        fetched.*, newest.object_id is null as is_new,
        coalesce(to_timestamp((fetched.payload ->> 'created')::bigint), newest.created_at)
            as created_at
    from fetched
    left join lateral (
        select stored.* from raw_stripe.objects as stored
        where (stored.object_type, stored.object_id) = (fetched.object_type, fetched.object_id)
        order by stored.fetched_at desc
        limit 1
    ) as newest on true
    where
        newest.object_id is null
        or newest.fetched_at < fetched.fetched_at
        and (
            (newest.payload, newest.is_deleted) <> (fetched.payload, fetched.is_deleted)
            or exists (
                select from raw_stripe.events
                where
                    (events.object_type, events.object_id)
                    = (fetched.object_type, fetched.object_id)
                    and events.created_at > newest.fetched_at
                    and events.created_at <= fetched.fetched_at
            )
        )
),

added as (
    insert into raw_stripe.objects (
        object_type, object_id, fetched_at, api_version, livemode, created_at,
        payload, is_deleted, _load_id, _loaded_at
    )
    select
        object_type, object_id, fetched_at, %(api_version)s,
        coalesce((payload ->> 'livemode')::boolean, %(livemode)s), created_at,
        payload, is_deleted, %(load_id)s, now()
    from changed
)

select
    count(*) filter (where is_new),
    count(*) filter (where not is_new and not is_deleted),
    count(*) filter (where not is_new and is_deleted)
from changed
"""

_NEWEST = sql.SQL("""
select distinct on (object_id) object_id, payload, is_deleted
from raw_stripe.objects
where
    object_type = %(type)s and livemode = %(livemode)s
    and created_at between coalesce(%(low)s::timestamptz, '-infinity')
    and coalesce(%(high)s::timestamptz, 'infinity')
order by object_id, fetched_at desc
""")
_UNLISTED = sql.SQL("""
select object_id, payload from ({}) as newest
where not is_deleted and object_id <> all(%(listed)s)
""").format(_NEWEST)
_OVERDUE = sql.SQL("""
select object_id, payload from ({}) as newest
where
    payload ->> 'status' = 'pending'
    and to_timestamp((payload ->> 'available_on')::bigint) <= now()
""").format(_NEWEST)
_UNLINKED_PAYOUTS = sql.SQL("""
select object_id from ({}) as newest
where
    (payload ->> 'automatic')::boolean and not is_deleted
    and payload ->> 'reconciliation_status' = 'completed'
    and object_id not in (select payout_id from raw_stripe.payout_transactions)
""").format(_NEWEST)
_ADD_LINKS = """
insert into raw_stripe.payout_transactions (
    payout_id, balance_transaction_id, livemode, fetched_at, _load_id, _loaded_at
)
select %(payout)s, id, %(livemode)s, fetched_at, %(load_id)s, now()
from unnest(%(ids)s::text [], %(fetched_at)s::timestamptz []) as paid_out (id, fetched_at)
on conflict do nothing
returning 1
"""


class Store:
    """Writes over one connection in autocommit mode, for a key of one mode."""

    def __init__(self, conn: psycopg.Connection, livemode: bool) -> None:
        self._conn = conn
        self._livemode = livemode
        self.refused: list[tuple[str, Rejection]] = []  # ids of what was left out

    def position(self, kind: Kind) -> Position:
        """How far `kind` was read; nowhere yet without a row."""
        with self._conn.cursor(row_factory=class_row(Position)) as cursor:
            cursor.execute(
                "select complete_at, listed_all_at, pass_started_at, pass_since, pass_until"
                " from ops.stripe_position where object_type = %s and livemode = %s",
                [kind.object_type, self._livemode],
            )
            return cursor.fetchone() or Position()

    def begin(self, kind: Kind, started_at: datetime, since: datetime | None) -> None:
        """A listing of `kind` begins; one that was under way is given up."""
        self._conn.execute(
            "insert into ops.stripe_position (object_type, livemode, pass_started_at, pass_since)"
            " values (%s, %s, %s, %s) on conflict (object_type, livemode) do update"
            " set pass_started_at = excluded.pass_started_at, pass_since = excluded.pass_since,"
            " pass_until = null",
            [kind.object_type, self._livemode, started_at, since],
        )

    def finish(self, kind: Kind) -> None:
        """The listing of `kind` that was under way came to its end."""
        self._conn.execute(
            "update ops.stripe_position set complete_at = pass_started_at, listed_all_at ="
            " case when pass_since is null then pass_started_at else listed_all_at end,"
            " pass_started_at = null, pass_since = null, pass_until = null"
            " where object_type = %s and livemode = %s",
            [kind.object_type, self._livemode],
        )

    def add(
        self,
        kind: Kind,
        found: Sequence[Found],
        read_since: datetime,
        until: datetime | None = None,
    ) -> Counts:
        """Store what is new in `found` and, with `until`, move the position of the listing there.

        Returns what is new or differs from what was known. What Postgres cannot store is left in
        `refused`, events as dead letters, too. Raises `psycopg.Error`; then nothing was stored.
        """
        add = self._add_events if kind.name == EVENTS else self._add_objects
        refused: list[tuple[Found, Rejection]] = []
        with self._conn.transaction():
            load_id = next_load_id(self._conn)
            added = write_storable(
                self._conn,
                found,
                lambda some: add(some, load_id),
                lambda one, why: refused.append((one, why)),
            )
            counts = Counts()
            for part in added:
                counts += part
            letters = 0
            if kind.name == EVENTS:
                told = [(one.payload, one.fetched_at, why) for one, why in refused]
                letters = add_letters(self._conn, told, load_id)
            if until:
                self._conn.execute(
                    "update ops.stripe_position set pass_until = %s"
                    " where object_type = %s and livemode = %s",
                    [until, kind.object_type, self._livemode],
                )
            self._record(kind, load_id, counts, read_since, letters)
        self.refused += [(one.payload["id"], why) for one, why in refused]
        return counts

    def link(self, kind: Kind, payout: str, found: Sequence[Found], read_since: datetime) -> Counts:
        """Store that `payout` paid out `found`, which are all it paid out."""
        with self._conn.transaction():
            load_id = next_load_id(self._conn)
            added = self._rows(
                _ADD_LINKS,
                payout=payout,
                ids=[one.payload["id"] for one in found],
                fetched_at=[one.fetched_at for one in found],
                livemode=self._livemode,
                load_id=load_id,
            )
            counts = Counts(inserted=len(added))
            self._record(kind, load_id, counts, read_since)
        return counts

    def _record(
        self, kind: Kind, load_id: int, counts: Counts, read_since: datetime, letters: int = 0
    ) -> None:
        if counts.total or letters:
            tables = {kind.name: vars(counts)}
            record_load(self._conn, load_id, SOURCE, counts, read_since, tables)

    def a_customer(self) -> str | None:
        """Id of a customer the API once listed; None if it listed none."""
        row = self._conn.execute(
            "select object_id from raw_stripe.objects where object_type = 'customer'"
            " and livemode = %s order by created_at limit 1",
            [self._livemode],
        ).fetchone()
        return row[0] if row else None

    def unlisted(
        self, kind: Kind, low: datetime | None, high: datetime, listed: Sequence[str]
    ) -> list[tuple[str, Object]]:
        """Id and last payload of what was created between both, lives, and is not in `listed`."""
        return self._newest(_UNLISTED, kind, low, high, listed=list(listed))

    def overdue(self, kind: Kind, before: datetime) -> list[tuple[str, Object]]:
        """Id and last payload of what is pending still although its time has come."""
        return self._newest(_OVERDUE, kind, None, before)

    def unlinked_payouts(self, kind: Kind, since: datetime | None) -> list[str]:
        """Ids of the automatic payouts whose transactions are known to Stripe and not to us."""
        return [row[0] for row in self._newest(_UNLINKED_PAYOUTS, kind, since, None)]

    def _add_events(self, found: Sequence[Found], load_id: int) -> Counts:
        parameters = {
            "events": [Jsonb(one.payload) for one in found],
            "bodies": [None for _ in found],  # nothing was signed
            "lane": "api",
            "load_id": load_id,
            "loaded_at": datetime.now(UTC),
        }
        return Counts(inserted=self._conn.execute(INSERT_EVENTS, parameters).rowcount)

    def _add_objects(self, found: Sequence[Found], load_id: int) -> Counts:
        (counts,) = self._rows(
            _ADD_OBJECTS,
            payloads=[Jsonb(one.payload) for one in found],
            fetched_at=[one.fetched_at for one in found],
            is_deleted=[one.is_deleted for one in found],
            livemode=self._livemode,
            api_version=API_VERSION,
            load_id=load_id,
        )
        return Counts(*counts)

    def _newest(
        self,
        query: sql.Composed,
        kind: Kind,
        low: datetime | None,
        high: datetime | None,
        **more: Any,
    ) -> list[Any]:
        bounds = {"type": kind.object_type, "livemode": self._livemode, "low": low, "high": high}
        return self._rows(query, **bounds, **more)

    def _rows(self, query: LiteralString | sql.Composed, **parameters: Any) -> list[Any]:
        return self._conn.execute(query, parameters).fetchall()

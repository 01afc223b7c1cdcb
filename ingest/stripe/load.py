"""`coursehouse load stripe`: events that no webhook brought, and objects as they are now.

A listing goes from the newest object to the oldest and is stored piece by piece, each with the
position behind it. Young objects are listed every time, all of them where nothing else could have
told how they changed: at first, and when events were not read for as long as Stripe keeps them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

from ingest.errors import UserError
from ingest.settings import Settings
from ingest.stripe.client import (
    CursorGoneError,
    MissingPermissionError,
    Object,
    Page,
    StripeClient,
)
from ingest.stripe.kinds import EVENTS, KINDS, PAYOUT_TRANSACTIONS, Kind, choose
from ingest.stripe.store import Found, Position, Store
from ingest.warehouse.merge import Counts
from ingest.warehouse.session import warehouse

EVENTS_KEPT = timedelta(days=30)
# An event may be listed a little after those that were created later.
EVENTS_OVERLAP = timedelta(days=1)
# Younger objects are read again, whatever events told of them.
LOOKBACK = timedelta(days=35)
# One that was cut off longer ago begins anew: meanwhile its last events may have expired.
LISTING_LIVES = timedelta(days=1)
BATCH_OBJECTS = 1_000

Say = Callable[[str], None]


@dataclass
class StripeLoaded:
    """What a load found that was not there, and what the key may not read.

    `links`: transactions that a payout paid out. `left_out`: objects and events that Postgres
    cannot store. `forbidden`: kind -> permission.
    """

    events: int = 0
    objects: Counts = field(default_factory=Counts)
    links: int = 0
    left_out: int = 0
    forbidden: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """Objects created from `since` to `until`, inclusive. `is_kept`: it moves the position."""

    started_at: datetime
    since: datetime | None
    until: datetime | None = None
    is_kept: bool = True


def load_stripe(
    settings: Settings,
    say: Say,
    names: list[str] | None = None,
    since: datetime | None = None,
) -> StripeLoaded:
    """Load the kinds `names` (all for None); `since` reads again what was created from then on.

    Raises `UserError`; what was stored before stays, and the next load goes on behind it.
    """
    if settings.stripe_api_key is None:
        raise UserError("set COURSEHOUSE_STRIPE_API_KEY to a key of your account, see .env.example")
    kinds = choose(names)
    client = StripeClient(settings.stripe_api_base, settings.stripe_api_key.get_secret_value())
    with warehouse(settings) as conn:
        loader = _Loader(conn, client, say, since)
        loader.check_account()
        for kind in kinds:
            loader.load(kind)
    return loader.result


class _Loader:
    def __init__(
        self, conn: psycopg.Connection, client: StripeClient, say: Say, since: datetime | None
    ) -> None:
        self._conn = conn
        self._client = client
        self._store = Store(conn, client.livemode)
        self._say = say
        self._since = since
        self.result = StripeLoaded()

    def check_account(self) -> None:
        """Refuse the key of another account: all that is known would look deleted.

        Stripe finds a customer for ever, as deleted if need be; only test data can be wiped.
        """
        known = self._store.a_customer() if self._client.livemode else None
        with suppress(MissingPermissionError):
            if known and self._client.retrieve(KINDS["customers"], known) is None:
                raise UserError(
                    f"this warehouse holds another account of Stripe: the key does not find {known}"
                )

    def load(self, kind: Kind) -> None:
        """Bring one kind up to date, unless another load is at it."""
        with self._alone(kind) as is_mine:
            if not is_mine:
                self._say(f"{kind.name}: another load is at it")
                return
            try:
                if kind.name == PAYOUT_TRANSACTIONS:
                    self._link_payouts(kind)
                elif self._since:
                    self._list(kind, Listing(_now(), self._since, is_kept=False))
                else:
                    self._catch_up(kind)
            except MissingPermissionError as error:
                self.result.forbidden[kind.name] = str(error)

    def _catch_up(self, kind: Kind) -> None:
        """First what a listing that was cut off left to do, then what is new since it began."""
        begun = self._store.position(kind)
        if begun.pass_started_at and begun.pass_started_at > _now() - LISTING_LIVES:
            self._list(kind, Listing(begun.pass_started_at, begun.pass_since, begun.pass_until))
        started_at = _now()
        since = self._start(kind, self._store.position(kind), started_at)
        self._store.begin(kind, started_at, since)
        self._list(kind, Listing(started_at, since))

    def _start(self, kind: Kind, position: Position, now: datetime) -> datetime | None:
        """How far back to list; None: to the very first object."""
        if position.complete_at is None or kind.lists_all:
            return None
        if kind.name == EVENTS:
            is_broken = position.complete_at < now - (EVENTS_KEPT - EVENTS_OVERLAP)
            return None if is_broken else position.complete_at - EVENTS_OVERLAP
        events = self._store.position(KINDS[EVENTS])
        if events.listed_all_at is None or position.listed_all_at is None:
            return None
        # later changes of all that was there at the last full listing are known from events
        is_told = position.listed_all_at >= events.listed_all_at - EVENTS_KEPT
        return position.complete_at - LOOKBACK if is_told else None

    def _list(self, kind: Kind, listing: Listing) -> None:
        total, read = Counts(), 0
        until = listing.until
        for batch, is_last in self._batches(kind, listing):
            found = [_found(one, page.fetched_at) for page in batch for one in page.objects]
            oldest = min((_created(one.payload) for one in found), default=None)
            read += len(found)
            if kind.vanishes:
                low = listing.since if is_last else oldest
                found += self._vanished(kind, low, until or listing.started_at, found)
            moved_to = oldest if listing.is_kept else None
            total += self._store.add(kind, found, listing.started_at, moved_to)
            until = oldest or until
            if not is_last:
                self._say(f"{kind.name}: {read:,} read")
        if kind.settles and listing.since:
            late = self._store.overdue(kind, listing.since)
            found = [self._look_for(kind, *known) for known in late]
            total += self._store.add(kind, found, listing.started_at)
        if listing.is_kept:
            self._store.finish(kind)
        if kind.name == EVENTS:
            self.result.events += total.inserted
        else:
            self.result.objects += total
        self._report(kind, total)

    def _vanished(
        self, kind: Kind, low: datetime | None, high: datetime, found: list[Found]
    ) -> list[Found]:
        """What became of known objects created from `low` to `high` that are not in `found`.

        Those that share a second with its first or last may be alive in the batch beside it.
        """
        listed = [one.payload["id"] for one in found]
        missing = self._store.unlisted(kind, low, high, listed)
        return [self._look_for(kind, *known) for known in missing]

    def _batches(self, kind: Kind, listing: Listing) -> Iterator[tuple[list[Page], bool]]:
        """Pages until there are enough objects for a transaction; whether they are the last."""
        batch: list[Page] = []
        for page in self._pages(kind, listing):
            batch.append(page)
            if page.is_last or sum(len(page.objects) for page in batch) >= BATCH_OBJECTS:
                yield batch, page.is_last
                batch = []

    def _pages(self, kind: Kind, listing: Listing) -> Iterator[Page]:
        """Pages, also when the object at the end of one is deleted before the next is read."""
        until, failed_at = listing.until, object()
        while True:
            try:
                for page in self._client.pages(kind, listing.since, until):
                    yield page
                    until = _created(page.objects[-1]) if page.objects else until
                return
            except CursorGoneError:
                if failed_at == until:
                    raise
                failed_at = until

    def _look_for(self, kind: Kind, object_id: str, known: Object) -> Found:
        """An object as it is now; as it was known, and deleted, if there is nothing left of it."""
        asked_at = _now()
        payload = self._client.retrieve(kind, object_id)
        return _found(payload, asked_at) if payload else Found(known, asked_at, is_deleted=True)

    def _link_payouts(self, kind: Kind) -> None:
        total = Counts()
        for payout in self._store.unlinked_payouts(KINDS["payouts"], self._since):
            started_at = _now()
            found = [
                _found(one, page.fetched_at)
                for page in self._client.pages(kind, payout=payout)
                for one in page.objects
            ]
            total += self._store.link(kind, payout, found, started_at)
        self.result.links += total.inserted
        self._report(kind, total)

    def _report(self, kind: Kind, total: Counts) -> None:
        for object_id, why in self._store.refused:
            self._say(f"{kind.name}: {object_id} is left out: {why.reason}")
        self.result.left_out += len(self._store.refused)
        self._store.refused.clear()
        if total.total:
            self._say(
                f"{kind.name}: {total.inserted:,} new, {total.updated:,} changed,"
                f" {total.deleted:,} deleted"
            )

    @contextmanager
    def _alone(self, kind: Kind) -> Iterator[bool]:
        """Whether no other load is at this kind; the lock goes with the connection, too."""
        lock = f"coursehouse:load:stripe:{kind.name}"
        row = self._conn.execute("select pg_try_advisory_lock(hashtext(%s))", [lock]).fetchone()
        is_mine = row == (True,)
        try:
            yield is_mine
        finally:
            if is_mine and not self._conn.broken:
                self._conn.execute("select pg_advisory_unlock(hashtext(%s))", [lock])


def _found(payload: Object, fetched_at: datetime) -> Found:
    return Found(payload, fetched_at, bool(payload.get("deleted")))


def _created(payload: Object) -> datetime:
    return datetime.fromtimestamp(payload["created"], UTC)


def _now() -> datetime:
    return datetime.now(UTC)

"""Law 2: for every incremental model, what increments build equals a full refresh.

The raw tables of the sample site, of a simulated stream of events, of a simulated Stripe account
and of exchange rates are delivered in four batches, as four loads would deliver them, and after
each batch the incremental models are built. Then a full refresh runs on the same input and every
row is compared. Models are found in the manifest: a new one is covered by being there. So it is by
the test that spoils rows of each and has a backfill mend them.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import LiteralString, NamedTuple

import psycopg
import pytest
from event_streams import load_messages
from psycopg import sql
from row_comparison import BOOKKEEPING, compare, set_aside
from spoiled_models import EXPECTED, HouseDbt, spoil
from stripe_account import fill, small_account
from warehouse_fixtures import Warehouse

from ingest.backfill.marts import exchange
from ingest.backfill.models import incremental_models
from ingest.events import raw
from ingest.events.topics import logs
from ingest.fx.load import load_fx
from ingest.simulate.plan import Plan
from ingest.simulate.world import simulate

BATCHES = (1, 2, 3, 4)
INCREMENTAL = "config.materialized:incremental,package:coursehouse"
STAGING = "path:models/staging"
NO_TESTS = ("--resource-type", "model", "--resource-type", "snapshot", "--resource-type", "seed")
EVERYTHING = ("--select", f"+{INCREMENTAL}", "--exclude", STAGING, *NO_TESTS)
# Whatever incremental models read that is no view has to follow every batch.
FOLLOWING = (
    "--select",
    INCREMENTAL,
    f"+{INCREMENTAL},config.materialized:table",
    f"+{INCREMENTAL},resource_type:snapshot",
    *NO_TESTS,
)

# Each delivery says in which batch a row first arrives. `parents last` brings a batch without
# log rows and events; `late` also moves the second half of these 90 days ahead, so that the rows
# held back to the last batch are 90 days late. `told otherwise` changes the person or the time of
# rows of Moodle's log that have arrived, as merging accounts does in place.
DELIVERIES: dict[str, LiteralString] = {
    "in order": "1 + (rank - 1) * 4 / total",
    "shuffled": "1 + mod(abs(hashint8({id})), 4)",
    "with duplicates": "1 + (rank - 1) * 4 / total",
    "parents last": "case when {is_event} then 1 + (rank - 1) * 3 / total else 4 end",
    "90 days late": (
        "case when rank <= total / 2 and mod(abs(hashint8({id})), 10) = 0 then 4"
        " else 1 + (rank - 1) * 3 / total end"
    ),
    "told otherwise": "1 + mod(abs(hashint8({id})), 4)",
}
# `told otherwise` is shuffled, too, and that is in no order and with parents last, in one
EASIER = ("in order", "shuffled", "parents last")
LOG = "mdl_logstore_standard_log"
STREAM = Plan(seed=2, events=4_000, days=4, out_of_order_share=0.05, skew_share=0.02)
NINETY_DAYS = 90 * 86_400
# Rows without a number get one where they are held, in the order of this column.
UNNUMBERED = {
    ("raw_stripe", "events"): "created_at",
    ("raw_stripe", "objects"): "fetched_at",
    ("raw_stripe", "payout_transactions"): "fetched_at",
    ("raw_ref", "fx_rates"): "rate_date",
}


class Table(NamedTuple):
    """A raw table and the column that numbers its rows."""

    schema: str
    name: str
    id: str

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @property
    def is_event(self) -> bool:
        return self.name == LOG or self.schema == raw.SCHEMA or self.name == "events"

    @property
    def order(self) -> str | None:
        """The column that orders rows without a number."""
        return UNNUMBERED.get((self.schema, self.name))

    @property
    def numbered(self) -> sql.Composable:
        """The rows with the column `id`."""
        if not self.order:
            return self.identifier
        return sql.SQL(
            "(select *, row_number() over (order by {order}, {name}::text) as {id} from {table}"
            " as {name}) as numbered"
        ).format(
            order=sql.Identifier(self.order),
            name=sql.Identifier(self.name),
            id=sql.Identifier(self.id),
            table=self.identifier,
        )


@pytest.fixture(scope="module")
def site(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """The sample site and more, loaded, with all raw rows set aside in schema `held`."""
    warehouse = new_warehouse("laws")
    with warehouse.connect() as conn:
        load_messages(conn, simulate(STREAM))
        fill(conn, small_account())
    load_fx(warehouse.settings(), is_sample=True)
    with warehouse.connect() as conn:
        conn.execute("create schema held")
        for table in _raw_tables(conn):
            conn.execute(
                sql.SQL("create table {} as select * from {}").format(
                    sql.Identifier("held", table.name), table.numbered
                )
            )
    warehouse.run("run", "--select", STAGING)
    return warehouse


@pytest.mark.parametrize(
    "delivery",
    [pytest.param(d, marks=pytest.mark.thorough if d in EASIER else ()) for d in DELIVERIES],
)
def test_increments_equal_a_full_refresh(site: Warehouse, delivery: str) -> None:
    models = _incremental_models(site)
    with site.connect() as conn:
        _take_everything_back(conn, models)
        for batch in BATCHES:
            _deliver(conn, delivery, batch)
            site.run("build", *(EVERYTHING if batch == BATCHES[0] else FOLLOWING))
        set_aside(conn, models, "incremental")
        site.run("build", "--full-refresh", *EVERYTHING)
        for schema, name in models:
            rows, differing = compare(conn, "incremental", schema, name)
            assert rows > 0, f"{name} stayed empty: the delivery has no input for it"
            assert differing == 0, f"{name}: {differing} of {rows} rows differ, {delivery}"


@pytest.fixture(scope="module")
def built(site: Warehouse) -> Warehouse:
    """All models, of all there is."""
    site.run("build", *NO_TESTS)
    return site


def test_a_build_without_arrivals_writes_no_row(built: Warehouse) -> None:
    """Of no table at all: incremental models, tables and snapshots."""
    with built.connect() as conn:
        before = _row_versions(conn)
        built.run("build", *NO_TESTS)
        after = _row_versions(conn)
    assert {"fact_learning_event", "learner_course_snapshot_weekly", "snap_moodle__users"} <= {
        table for _, table in before
    }
    assert [table for table, version in after.items() if before.get(table) != version] == []


def test_a_backfill_mends_a_day_of_any_incremental_model(built: Warehouse) -> None:
    """Whatever its strategy, its key and its time; rows of other days stay as they are."""
    names = [name for _, name in _incremental_models(built)]
    models = {model.name: model for model in incremental_models(HouseDbt(built), names)}
    found = {}
    with built.connect() as conn:
        for name in names:
            model = models[name]
            where = EXPECTED, model.schema, name
            with conn.transaction(force_rollback=True):
                day = spoil(conn, model)
                rows, differing = compare(conn, *where)
                is_spoiled = differing > 0 or rows == 0  # where nothing is, nothing can be wrong
                some = day or datetime.now(UTC).date()  # without days all of it is exchanged
                exchange(conn, model, some, some)
                found[name] = is_spoiled, compare(conn, *where)[1]
    # whether anything had to be mended, and how many rows are not as they should be
    assert found == dict.fromkeys(names, (True, 0))


def _raw_tables(conn: psycopg.Connection) -> list[Table]:
    rows = conn.execute("select tablename from pg_tables where schemaname = 'raw_moodle'")
    moodle = [Table("raw_moodle", name, "id") for (name,) in rows.fetchall()]
    events = [Table(raw.SCHEMA, t.table_name, "source_offset") for t in logs().values()]
    others = [Table(schema, name, "_number") for schema, name in UNNUMBERED]
    return moodle + events + others


def _incremental_models(site: Warehouse) -> list[tuple[str, str]]:
    """Schema and name of every incremental model of the project.

    Alerts are made of samples, not of raw rows: test_alerts delivers them.
    """
    nodes = site.parsed().nodes.values()
    models = [
        (node.schema, node.name)
        for node in nodes
        if node.resource_type == "model"
        and node.config.materialized == "incremental"
        and node.package_name == "coursehouse"
        and node.schema != "ops"
    ]
    assert models, "the manifest holds no incremental model"
    return sorted(models)


def _take_everything_back(conn: psycopg.Connection, models: list[tuple[str, str]]) -> None:
    for table in _raw_tables(conn):
        conn.execute(sql.SQL("truncate {}").format(table.identifier))
    for schema, name in models:
        conn.execute(
            sql.SQL("drop table if exists {} cascade").format(sql.Identifier(schema, name))
        )
    conn.execute("drop schema if exists incremental cascade")
    # history too: the first batch is the first the warehouse ever sees
    conn.execute("drop schema if exists snapshots cascade")


def _deliver(conn: psycopg.Connection, delivery: str, batch: int) -> None:
    """One load: the rows of `batch`, stamped like the loaders stamp them."""
    now = datetime.now(UTC)
    for topic in logs().values():
        raw.ensure_partition(conn, topic, now.date())
    for table in _raw_tables(conn):
        _insert(conn, table, delivery, batch, now)
        if delivery == "with duplicates":
            _repeat(conn, table, batch, now)
        if delivery == "90 days late" and table.is_event:
            _move_ahead(conn, table, batch)
        if delivery == "told otherwise" and table.name == LOG:
            _tell_otherwise(conn, table, batch, now)
    conn.execute("analyze")


def _insert(
    conn: psycopg.Connection, table: Table, delivery: str, batch: int, now: datetime
) -> None:
    held = sql.Identifier("held", table.name)
    columns = [
        column.name
        for column in conn.execute(
            sql.SQL("select * from {} limit 0").format(table.identifier)
        ).description
        or []
        if column.name not in BOOKKEEPING
    ]
    conn.execute(
        sql.SQL(
            "insert into {raw} ({names}, _load_id, _loaded_at)"
            " select {names}, %(batch)s, %(now)s from ("
            "   select *, {first} as first_batch from ("
            "     select *, row_number() over (order by {id}) as rank, count(*) over () as total"
            "     from {held}"
            "   ) as ranked"
            " ) as delivered where first_batch = %(batch)s"
        ).format(
            raw=table.identifier,
            held=held,
            names=sql.SQL(", ").join(map(sql.Identifier, columns)),
            id=sql.Identifier(table.id),
            first=sql.SQL(DELIVERIES[delivery]).format(
                id=sql.Identifier(table.id), is_event=sql.Literal(table.is_event)
            ),
        ),
        {"batch": batch, "now": now},
    )


def _repeat(conn: psycopg.Connection, table: Table, batch: int, now: datetime) -> None:
    """Every third row that has arrived arrives again."""
    if table.order:
        return  # these tables keep the first delivery
    if table.schema != raw.SCHEMA:
        # the same row with a newer load
        conn.execute(
            sql.SQL(
                "update {} set _load_id = %(batch)s"
                " where _load_id < %(batch)s and mod(abs(hashint8(id + %(batch)s)), 3) = 0"
            ).format(table.identifier),
            {"batch": batch},
        )
        return
    # the same event under another offset, told another way: of the first load and of this one
    conn.execute(
        sql.SQL(
            "insert into {raw} (lane, source_partition, source_offset, key, payload, produced_at,"
            " _load_id, _loaded_at)"
            " select lane, source_partition, source_offset + %(batch)s * 1000000, key, {later},"
            " produced_at, %(batch)s, %(now)s from {raw}"
            " where source_offset < 1000000"
            " and mod(abs(hashint8(source_offset + %(batch)s)), 3) = 0"
        ).format(raw=table.identifier, later=_later(table, 3_600)),
        {"batch": batch, "now": now},
    )


def _move_ahead(conn: psycopg.Connection, table: Table, batch: int) -> None:
    order, field = table.id, "payload"
    if table.name == LOG:
        field, value = "timecreated", sql.SQL("timecreated + {}").format(NINETY_DAYS)
    elif table.order:
        order = field = table.order
        value = sql.SQL("created_at + {} * interval '1 second'").format(NINETY_DAYS)
    else:
        value = _later(table, NINETY_DAYS)
    conn.execute(
        sql.SQL(
            "update {raw} set {field} = {value} where _load_id = {batch} and {order} >"
            " (select percentile_disc(0.5) within group (order by {order}) from {held})"
        ).format(
            raw=table.identifier,
            field=sql.Identifier(field),
            value=value,
            batch=sql.Literal(batch),
            order=sql.Identifier(order),
            held=sql.Identifier("held", table.name),
        )
    )


def _tell_otherwise(conn: psycopg.Connection, table: Table, batch: int, now: datetime) -> None:
    """Rows that have arrived go to the next account or to another time and back.

    A tenth of the rows each with every batch, and the whole of some accounts with the last.
    """
    conn.execute(
        sql.SQL(
            "update {raw} as told set"
            " userid = case when is_moved then next_id else told.userid end,"
            " timecreated = told.timecreated + case when is_redated then {seconds} else 0 end,"
            " _load_id = {batch}, _loaded_at = {now}"
            " from ("
            "   select id, mod(abs(hashint8(id)), 10) = 0 as is_redated,"
            "     mod(abs(hashint8(id)), 10) = 1"
            "     or ({batch} = {last} and mod(userid, 5) = 0) as is_moved,"
            "     (select min(id) from held.mdl_user where id > userid) as next_id"
            "   from {raw} where _load_id < {batch} and userid > 0"
            " ) as other"
            " where told.id = other.id and next_id is not null and (is_moved or is_redated)"
        ).format(
            raw=table.identifier,
            seconds=sql.Literal(NINETY_DAYS if batch % 2 else -NINETY_DAYS),
            batch=sql.Literal(batch),
            last=sql.Literal(BATCHES[-1]),
            now=sql.Literal(now),
        )
    )


def _later(table: Table, seconds: int) -> sql.Composed:
    """The payload of an event table with a later event time."""
    topic = next(topic for topic in logs().values() if topic.table_name == table.name)
    epoch: LiteralString = "to_jsonb((payload ->> {field})::bigint + {seconds})"
    text: LiteralString = (
        "to_jsonb(to_char("
        "((payload ->> {field})::timestamptz + {seconds} * interval '1 second') at time zone 'UTC',"
        ' \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'))'
    )
    moved = sql.SQL(epoch if topic.time_field == "timecreated" else text).format(
        field=sql.Literal(topic.time_field), seconds=sql.Literal(seconds)
    )
    return sql.SQL("jsonb_set(payload, array[{}], {})").format(sql.Literal(topic.time_field), moved)


def _row_versions(conn: psycopg.Connection) -> dict[tuple[str, str], object]:
    """Table -> what changes when any of its rows is written, even with the same values."""
    tables = conn.execute(
        "select schemaname, tablename from pg_tables"
        " where schemaname ~ '^marts_' or schemaname in ('intermediate', 'snapshots', 'vault')"
    ).fetchall()
    return {
        (schema, table): conn.execute(
            sql.SQL(
                "select count(*), sum(xmin::text::bigint), sum(hashtext(t::text)) from {} as t"
            ).format(sql.Identifier(schema, table))
        ).fetchone()
        for schema, table in tables
    }

"""Raw event tables: partitions, exact payloads, dead letters."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import psycopg
import pytest

from ingest.events import raw
from ingest.events.topics import topics
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import next_load_id

CART = topics()["cart"]
NOW = datetime(2025, 10, 1, 12, tzinfo=UTC)
VALID = (
    b'{"event_id": "1", "user_id": 7, "session_id": "s", "product_id": 1, "quantity": 1,'
    b' "ts": "2025-10-01T10:00:00Z", "gift": {"for": "\xc3\xbc"}, "price": 1.10}'
)


@pytest.fixture
def warehouse_dsn(database: Callable[[], str]) -> str:
    dsn = database()
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    return dsn


def record(offset: int, value: bytes | None, key: bytes | None = b"7") -> raw.Record:
    return raw.Record(2, offset, key, value, NOW)


def test_rows_keep_identity_key_and_every_property(warehouse_dsn: str) -> None:
    with psycopg.connect(warehouse_dsn) as conn:
        raw.ensure_partition(conn, CART, NOW.date())
        rows = raw.sort(CART, [record(5, VALID), record(6, VALID, None), record(7, VALID, b"\xff")])
        raw.append(conn, CART, "kafka", rows, next_load_id(conn), NOW)
        stored = conn.execute(
            "select lane, source_partition, source_offset, key, payload, produced_at, _load_id,"
            " _loaded_at from raw_events.cart order by source_offset"
        ).fetchall()
    payload = stored[0][4]
    assert stored == [
        ("kafka", 2, 5, "7", payload, NOW, 1, NOW),
        ("kafka", 2, 6, None, payload, NOW, 1, NOW),
        ("kafka", 2, 7, "\ufffd", payload, NOW, 1, NOW),
    ]
    assert payload["gift"] == {"for": "ü"}


def test_numbers_stay_as_they_were_written(warehouse_dsn: str) -> None:
    with psycopg.connect(warehouse_dsn) as conn:
        raw.ensure_partition(conn, CART, NOW.date())
        raw.append(conn, CART, "kafka", raw.sort(CART, [record(1, VALID)]), 1, NOW)
        stored = conn.execute("select payload->>'price' from raw_events.cart").fetchone()
    assert stored == ("1.10",)


def test_what_breaks_the_contract_is_kept_byte_for_byte(warehouse_dsn: str) -> None:
    broken = b'{"event_id": "\xff'
    with psycopg.connect(warehouse_dsn) as conn:
        raw.append(conn, CART, "kafka", raw.sort(CART, [record(1, broken, b"\0")]), 3, NOW)
        stored = conn.execute(
            "select topic, lane, source_partition, source_offset, key, payload, error_class,"
            " contract_version, attempts, replayed_at, _load_id from raw_events.dead_letter"
        ).fetchall()
        assert conn.execute("select count(*) from raw_events.cart").fetchone() == (0,)
    assert stored == [("cart", "kafka", 2, 1, b"\0", broken, "not_utf8", "1.0.0", 1, None, 3)]


def test_a_row_lands_in_the_partition_of_its_day_in_utc(warehouse_dsn: str) -> None:
    with psycopg.connect(warehouse_dsn) as conn:
        conn.execute("set time zone 'Pacific/Auckland'")
        for day in (date(2025, 10, 1), date(2025, 10, 2)):
            raw.ensure_partition(conn, CART, day)
        for day_number, hour in ((1, 23), (2, 0)):
            at = datetime(2025, 10, day_number, hour, 59, tzinfo=UTC)
            raw.append(conn, CART, "kafka", raw.sort(CART, [record(hour, VALID)]), 1, at)
        stored = conn.execute(
            "select tableoid::regclass::text, source_offset from raw_events.cart order by 1"
        ).fetchall()
    assert stored == [
        ("raw_events.cart_20251001", 23),
        ("raw_events.cart_20251002", 0),
    ]


def test_a_new_partition_waits_for_no_reader(warehouse_dsn: str) -> None:
    with psycopg.connect(warehouse_dsn) as reader, psycopg.connect(warehouse_dsn) as loader:
        reader.execute("select count(*) from raw_events.cart")
        loader.execute("set lock_timeout = '5s'")
        raw.ensure_partition(loader, CART, NOW.date())
        loader.commit()


def test_loaders_that_need_the_same_partition_take_turns(warehouse_dsn: str) -> None:
    errors: list[Exception] = []

    def make() -> None:
        try:
            with psycopg.connect(warehouse_dsn) as conn:
                raw.ensure_partition(conn, CART, NOW.date())
        except psycopg.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_bootstrap_leaves_what_arrived_alone(warehouse_dsn: str) -> None:
    with psycopg.connect(warehouse_dsn) as conn:
        raw.ensure_partition(conn, CART, NOW.date())
        raw.append(conn, CART, "kafka", raw.sort(CART, [record(1, VALID)]), 1, NOW)
        conn.commit()
        bootstrap(conn)
        assert conn.execute("select count(*) from raw_events.cart").fetchone() == (1,)


def test_a_bootstrap_waits_for_no_load_that_is_writing(warehouse_dsn: str) -> None:
    with psycopg.connect(warehouse_dsn) as writer, psycopg.connect(warehouse_dsn) as conn:
        raw.ensure_partition(writer, CART, NOW.date())
        raw.append(writer, CART, "kafka", raw.sort(CART, [record(1, VALID)]), 1, NOW)
        next_load_id(writer)
        conn.execute("set lock_timeout = '2s'")
        bootstrap(conn)

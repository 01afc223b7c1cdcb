"""No sum across currencies without a rate.

Everything that is told in yen is doubled in the raw tables, and the marts of money are built again.
Whatever changes has to be in yen, or in the reporting currency by a rate (`*_reporting`): a sum of
yen and euros would change in a row that says neither. Totals over all currencies are in the
reporting one too: rows of scope `all`, and the value of a person in its life.
"""

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from warehouse_fixtures import Warehouse

DOUBLED = "JPY"
MONEY = re.compile(
    r"(^|_)(amounts?|unit|flat|total|subtotal|tax|balance|net|fee|received|discount)($|_)"
)
BY_RATE = ("ltv_historic", "ltv_predicted")
BOOKKEEPING = ("_load_id", "_loaded_at", "_payout_load_id")
Rows = Counter[tuple[Any, ...]]


@pytest.fixture(scope="module")
def built(account_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    return account_warehouse("currencies_warehouse")


def test_money_of_one_currency_reaches_no_sum_of_another(built: Warehouse) -> None:
    with built.connect() as conn:
        marts = _marts(conn)
        questions = {mart: f"select * from {mart}" for mart in marts}
        # what the test has to notice, and what it has to let through
        charges = "marts_finance.fact_charge"
        questions["a wrong sum"] = f"select sum(amount) as amount from {charges}"
        questions["a right sum"] = (
            f"select currency, sum(amount) as amount, sum(amount_reporting) as amount_reporting"
            f" from {charges} group by currency"
        )
        before = {name: _rows(conn, question) for name, question in questions.items()}
        in_yen = {name: _rows(conn, question, only=True) for name, question in questions.items()}
        _double(conn)
    selected = [mart.partition(".")[2] for mart in marts]
    upstream = ("path:models/intermediate/finance", "path:models/intermediate/cross", *selected)
    built.run("run", "--full-refresh", "--select", *upstream)
    with built.connect() as conn:
        changed = [n for n, q in questions.items() if _rows(conn, q) != before[n]]
        doubled = {n for n, q in questions.items() if _rows(conn, q, only=True) != in_yen[n]}
    assert changed == ["a wrong sum"]
    assert {charges, "marts_finance.fact_invoice", "a right sum"} <= doubled


def _marts(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute(
        "select schemaname || '.' || tablename from pg_tables"
        " where schemaname in ('marts_finance', 'marts_cross') order by 1"
    ).fetchall()
    assert len(rows) > 10
    return [name for (name,) in rows]


def _rows(conn: psycopg.Connection, question: str, only: bool = False) -> Rows:
    """Rows that do not speak of yen, or `only` those that do, without amounts that have a rate."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(question.encode()).fetchall()
    found: Rows = Counter()
    for row in rows:
        currencies = [value for name, value in row.items() if name.endswith("currency")]
        if row.get("scope") != "all" and (DOUBLED in currencies) == only:
            kept = {
                name: value
                for name, value in row.items()
                if not name.endswith("_reporting") and name not in (*BY_RATE, *BOOKKEEPING)
            }
            found[tuple(str(value) for value in kept.values())] += 1
    return found


def _double(conn: psycopg.Connection) -> None:
    for table, key in (
        ("events", "event_id"),
        ("objects", "object_type || object_id || fetched_at"),
    ):
        relation = sql.Identifier("raw_stripe", table)
        rows = conn.execute(
            sql.SQL("select {}, payload from {}").format(sql.SQL(key), relation)
        ).fetchall()
        changed = [(orjson.dumps(_doubled(payload)).decode(), id_) for id_, payload in rows]
        with conn.cursor() as cursor:
            cursor.executemany(
                sql.SQL("update {} set payload = %s where {} = %s").format(relation, sql.SQL(key)),
                changed,
            )


def _doubled(value: Any, currency: str | None = None, name: str = "") -> Any:
    if isinstance(value, dict):
        own = value.get("currency") or currency
        return {key: _doubled(item, own, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_doubled(item, currency, name) for item in value]
    is_money = currency == DOUBLED.lower() and MONEY.search(name) is not None
    if is_money and isinstance(value, int) and not isinstance(value, bool):
        return value * 2
    if is_money and name.endswith("_decimal") and isinstance(value, str):
        return str(Decimal(value) * 2)
    return value

"""An account at Stripe for tests, and the loader between its API and a warehouse."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from addresses import warehouse_variables
from psycopg.conninfo import conninfo_to_dict

from ingest.settings import Settings
from ingest.stripe.load import StripeLoaded, load_stripe

NOW = int(time.time())
DAY = 86_400

Object = dict[str, Any]


@dataclass
class StripeLane:
    """One address and key of Stripe's API, and one warehouse database."""

    url: str
    key: str
    warehouse: str
    home: Path
    said: list[str] = field(default_factory=list)

    def settings(self) -> Settings:
        parts = conninfo_to_dict(self.warehouse)
        return Settings.model_validate(
            {
                "home": self.home,
                "pg_host": parts["host"],
                "pg_port": parts["port"],
                "pg_user": parts["user"],
                "pg_password": parts["password"],
                "pg_dbname": parts["dbname"],
                "stripe_api_key": self.key,
                "stripe_api_base": self.url,
            }
        )

    def load(self, *names: str, since: datetime | None = None) -> StripeLoaded:
        """Run the loader in this process for `names`, everything without any."""
        self.said.clear()
        return load_stripe(self.settings(), self.said.append, list(names), since)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `coursehouse load stripe` with these arguments to its end."""
        return subprocess.run(
            [sys.executable, "-m", "ingest.cli", "load", "stripe", *arguments],
            env={
                **os.environ,
                "COURSEHOUSE_HOME": str(self.home),
                **warehouse_variables(self.warehouse),
                "COURSEHOUSE_STRIPE_API_KEY": self.key,
                "COURSEHOUSE_STRIPE_API_BASE": self.url,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def read(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of `query` in the warehouse, where `raw_stripe` is searched first."""
        with psycopg.connect(self.warehouse, autocommit=True) as conn:
            conn.execute("set search_path = raw_stripe, public")
            return conn.execute(query, parameters).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        return self.read(query, *parameters)[0][0]

    def states(self, object_id: str) -> list[tuple[Any, bool]]:
        """Payloads of one object and whether it was gone, oldest first."""
        return self.read(
            "select payload, is_deleted from objects where object_id = %s order by fetched_at",
            object_id,
        )

    def everything(self) -> list[tuple[Any, ...]]:
        """Every row of every table of Stripe, with its bookkeeping."""
        return self.read(
            "select 'events', e::text from events as e union all"
            " select 'objects', o::text from objects as o union all"
            " select 'payout_transactions', p::text from payout_transactions as p order by 1, 2"
        )


def days_ago(days: float) -> datetime:
    return datetime.fromtimestamp(NOW - days * DAY, UTC)


def of(object_type: str, object_id: str, days: float = 1, **fields: Any) -> Object:
    """An object created so many days ago."""
    return {
        "id": object_id,
        "object": object_type,
        "created": int(NOW - days * DAY),
        "metadata": {},
        **fields,
    }


def event(number: int, about: Object, days: float | None = None, **changed: Any) -> Object:
    """An event that carries `about` as it was."""
    created = about["created"] if days is None else int(NOW - days * DAY)
    return {
        "id": f"evt_{number:05}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": created,
        "livemode": True,
        "pending_webhooks": 0,
        "request": None,
        "type": f"{about['object']}.updated",
        "data": {"object": about},
        **changed,
    }


def listed(*data: Object) -> Object:
    """A list inside an object, whole."""
    return {"object": "list", "has_more": False, "data": list(data)}


def without_urls(one: Object) -> Object:
    """An object without the addresses of the lists inside it, which an answer adds."""
    inside = {name: dict(one[name]) for name in ("lines", "items") if name in one}
    for part in inside.values():
        part.pop("url", None)
    return one | inside


def account() -> list[Object]:
    """A small account with at least one object of every kind, some of them old."""
    return [*_catalogue(), *_customers(), *_billing(), *_payments(), *_balance()]


def _catalogue() -> Iterator[Object]:
    yield of("product", "prod_1", 400, livemode=True, active=False, name="Algebra")
    tiers = [{"up_to": None, "unit_amount": 900}]
    yield of("price", "price_1", 400, livemode=True, product="prod_1", tiers=tiers)
    yield of("coupon", "SUMMER 20%/x", 300, livemode=True, percent_off=20)


def _customers() -> Iterator[Object]:
    for n in range(40):
        yield of("customer", f"cus_{n:03}", n, livemode=True, email=f"{n}@example.org")


def _billing() -> Iterator[Object]:
    for status, count in (("active", 12), ("canceled", 1)):
        yield of(
            "subscription",
            f"sub_{status}",
            200,
            livemode=True,
            status=status,
            items=listed(*(of("subscription_item", f"si_{status}_{n}") for n in range(count))),
            discounts=[of("discount", f"di_{status}", source={"coupon": {"id": "SUMMER 20%/x"}})],
        )
    lines = listed(*(of("line_item", f"il_{n}") for n in range(250)))
    yield of("invoice", "in_1", 20, livemode=True, status="paid", lines=lines)
    yield of("invoice", "in_draft", 3, livemode=True, status="draft", lines=listed())
    yield of("invoice_payment", "inpay_1", 20, livemode=True, invoice="in_1")
    lines = listed(of("credit_note_line_item", "cnli_1"))
    yield of("credit_note", "cn_1", 14, livemode=True, lines=lines)


def _payments() -> Iterator[Object]:
    for n in range(20):
        yield of("payment_intent", f"pi_{n}", n * 10, livemode=True, amount=1000)
        yield of("charge", f"ch_{n}", n * 10, livemode=True, amount=1000, amount_refunded=0)
    yield of("refund", "re_1", 15, status="succeeded")
    yield of("dispute", "dp_1", 15, livemode=True, status="needs_response")
    yield of("checkout.session", "cs_1", 20, livemode=True)


def _balance() -> Iterator[Object]:
    for name, days, automatic, status in (
        ("po_auto", 5, True, "completed"),
        ("po_now", 1, True, "in_progress"),
        ("po_hand", 4, False, "not_applicable"),
    ):
        yield of(
            *("payout", name, days),
            livemode=True,
            automatic=automatic,
            reconciliation_status=status,
        )
    for n in range(20):
        yield of(
            *("balance_transaction", f"txn_{n}", n * 10),
            amount=1000,
            fee=59,
            net=941,
            exchange_rate=1.08232,
            status="available",
            available_on=int(NOW - n * 10 * DAY),
        )


PAID_OUT = {"po_auto": ["txn_1", "txn_2", "txn_3"]}

"""New objects of the balance, in the shape of API version 2026-10-28.endive."""

from typing import Any

from ingest.simulate.money.account import Object


def balance_transaction(id_: str, created: int, fields: dict[str, Any]) -> Object:
    return {
        "id": id_,
        "object": "balance_transaction",
        "amount": 0,
        "available_on": created,
        "balance_type": "payments",
        "created": created,
        "currency": "eur",
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": 0,
        "reporting_category": "charge",
        "source": None,
        "status": "pending",
        "type": "charge",
        **fields,
    }


def payout(id_: str, created: int, amount: int, arrival: int) -> Object:
    return {
        "id": id_,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival,
        "automatic": True,
        "balance_transaction": None,
        "created": created,
        "currency": "eur",
        "description": "STRIPE PAYOUT",
        "destination": "ba_1CoursehouseBankAccount0",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": True,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "in_progress",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }


def balance(available: int, pending: int) -> Object:
    """It has no id: there is only one."""
    return {
        "object": "balance",
        "available": [
            {"amount": available, "currency": "eur", "source_types": {"card": available}}
        ],
        "livemode": True,
        "pending": [{"amount": pending, "currency": "eur", "source_types": {"card": pending}}],
    }

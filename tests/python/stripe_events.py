"""Events as Stripe sends them, and signatures made without Stripe's library."""

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import httpx
import plain_http
from collector_process import CollectorProcess

SECRET, OLD_SECRET = "whsec_the-one-of-today", "whsec_the-one-of-yesterday"


def snapshot(**changed: Any) -> dict[str, Any]:
    """An event that carries its object, in the shape of 2025 and later."""
    customer = f"cus_{uuid.uuid4().hex}"
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_760_000_000,
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "customer.updated",
        "data": {
            "object": {"id": customer, "object": "customer", "name": "Zoë", "balance": 0},
            "previous_attributes": {"name": None},
        },
        **changed,
    }


def thin(**changed: Any) -> dict[str, Any]:
    """A notification that only names its object."""
    return {
        "id": f"evt_test_{uuid.uuid4().hex}",
        "object": "v2.core.event",
        "type": "v1.billing.meter.error_report_triggered",
        "livemode": False,
        "created": "2025-10-09T08:53:20.123Z",
        "context": "acct_9",
        "reason": None,
        "related_object": {
            "id": "mtr_1",
            "type": "billing.meter",
            "url": "/v1/billing/meters/mtr_1",
        },
        **changed,
    }


def body_of(event: Any) -> bytes:
    """Bytes no other program would write of it: indented, and in Stripe's order of names."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def signature(body: bytes, *secrets: str, at: float | None = None) -> str:
    """The header Stripe-Signature, with a signature by each of `secrets`."""
    seconds = int(time.time() if at is None else at)
    signed = f"{seconds}.".encode() + body
    made = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={seconds}", *(f"v1={one}" for one in made)])


def deliver(
    collector: CollectorProcess, body: bytes, header: str | None = None, **headers: str
) -> httpx.Response:
    """POST `body`, signed now unless `header` says otherwise."""
    header = signature(body, SECRET) if header is None else header
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return plain_http.post(
        f"{collector.url}/webhooks/stripe",
        content=body,
        headers=[
            (b"content-type", b"application/json; charset=utf-8"),
            (b"stripe-signature", header.encode("latin-1")),
            *((name.encode(), value.encode()) for name, value in names.items()),
        ],
        timeout=60,
    )

"""Stripe's API for tests: lists, retrieves, and refuses as Stripe does, over real HTTP.

Objects are plain dicts as Stripe would send them with everything expanded; `object` says what they
are. What Stripe leaves out (tiers, expanded discounts, long lists) is left out of answers here too.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Object = dict[str, Any]

# path -> (object type, parameters beside those of every list)
LISTS: dict[str, tuple[str, set[str]]] = {
    "events": ("event", {"type", "delivery_success"}),
    "customers": ("customer", {"email"}),
    "products": ("product", {"active"}),
    "prices": ("price", {"active", "product"}),
    "coupons": ("coupon", set()),
    "subscriptions": ("subscription", {"status", "customer"}),
    "invoices": ("invoice", {"status", "customer", "subscription"}),
    "invoice_payments": ("invoice_payment", {"status", "invoice"}),
    "payment_intents": ("payment_intent", {"customer"}),
    "charges": ("charge", {"customer", "payment_intent"}),
    "refunds": ("refund", {"charge", "payment_intent"}),
    "disputes": ("dispute", {"charge", "payment_intent"}),
    "credit_notes": ("credit_note", {"invoice", "customer"}),
    "checkout/sessions": ("checkout.session", {"status", "customer"}),
    "payouts": ("payout", {"status"}),
    "balance_transactions": ("balance_transaction", {"payout", "type", "source"}),
}
COMMON = {"limit", "starting_after", "expand[]"} | {
    f"created[{bound}]" for bound in ("gt", "gte", "lt", "lte")
}
# lists inside objects: where the whole of them is
INSIDE = {
    "invoice": ("lines", "/v1/invoices/{id}/lines"),
    "credit_note": ("lines", "/v1/credit_notes/{id}/lines"),
    "subscription": ("items", "/v1/subscription_items?subscription={id}"),
}
SHOWN_INSIDE = 10
EVENTS_KEPT_SECONDS = 30 * 86_400


@dataclass
class Fault:
    """Answer `times` requests below `path`, after `skip` of them, with an error instead."""

    path: str
    status: int
    times: int = 1
    skip: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Object | None = None


class StripeReplay:
    """A running server: `with StripeReplay(objects) as stripe: ... stripe.url`.

    `payout_transactions`: payout id -> ids of the balance transactions it paid out.
    `forbidden`: path -> permission the key lacks. `expires`: events are gone after 30 days.
    `on_request`: called with path and parameters before every answer.
    """

    def __init__(
        self,
        objects: Iterable[Object] = (),
        events: Iterable[Object] = (),
        payout_transactions: Mapping[str, list[str]] | None = None,
        key: str = "rk_live_replayed",
        port: int = 0,
        expires: bool = True,
    ) -> None:
        self.key = key
        self.objects: dict[tuple[str, str], Object] = {}
        self.add(*objects, *events)
        self.payout_transactions = dict(payout_transactions or {})
        self.deleted: dict[tuple[str, str], Object] = {}
        self.forbidden: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.versions: Counter[str | None] = Counter()
        self.on_request: Callable[[str, dict[str, Any]], None] = lambda path, params: None
        self.expires = expires
        self.url = ""
        routes = [Route("/v1/{path:path}", self._answer)]
        config = uvicorn.Config(
            Starlette(routes=routes), "127.0.0.1", port, log_level="critical", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "StripeReplay":
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop when the requests under way are answered."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(30)

    def die(self) -> None:
        """Drop every connection; for `on_request`."""
        self._server.should_exit = self._server.force_exit = True
        for connection in list(self._server.server_state.connections):
            self._loop.call_soon_threadsafe(connection.transport.abort)

    def add(self, *objects: Object) -> None:
        """New objects, or new states of known ones."""
        for one in objects:
            self.objects[one["object"], one["id"]] = one

    def delete(self, object_type: str, object_id: str) -> None:
        """No list has it any more; of a customer a stub is left."""
        one = self.objects.pop((object_type, object_id))
        self.deleted[object_type, object_id] = one

    def listed(self, path: str) -> int:
        """How often `path` was asked for."""
        return sum(asked == path for asked, _ in self.requests)

    async def _answer(self, request: Request) -> Response:
        self._loop = asyncio.get_running_loop()
        path = request.path_params["path"]
        params: dict[str, Any] = dict(request.query_params)
        params["expand[]"] = request.query_params.getlist("expand[]")
        self.requests.append((path, params))
        self.versions[request.headers.get("stripe-version")] += 1
        await run_in_threadpool(self.on_request, path, params)
        try:
            self._refuse(request, path)
            return JSONResponse(self._found(path, params))
        except _RefusedError as refused:
            return refused.response

    def _refuse(self, request: Request, path: str) -> None:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            raise _RefusedError(401, message="Invalid API Key provided: rk_live_****yed")
        for fault in self.faults:
            if path.startswith(fault.path) and fault.times:
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                raise _RefusedError(fault.status, headers=fault.headers, body=fault.body)
        for forbidden, permission in self.forbidden.items():
            if path.split("/")[0] == forbidden:
                raise _RefusedError(
                    403,
                    message=f"The provided key 'rk_live_****' does not have the required"
                    f" permissions. Having the '{permission}' permission would allow this.",
                )

    def _found(self, path: str, params: dict[str, Any]) -> Object:
        if path in LISTS:
            return self._listed(path, params)
        head, _, tail = path.partition("/")
        if head == "subscription_items":
            return self._inside("subscription", params.pop("subscription"), params)
        if tail.endswith("/lines"):
            return self._inside(LISTS[head][0], tail.removesuffix("/lines"), params)
        folder = next(name for name in LISTS if path.startswith(f"{name}/"))
        return self._retrieved(LISTS[folder][0], path.removeprefix(f"{folder}/"), params)

    def _listed(self, path: str, params: dict[str, Any]) -> Object:
        object_type, own = LISTS[path]
        unknown = params.keys() - COMMON - own
        if unknown:
            raise _RefusedError(400, code="parameter_unknown", param=min(unknown))
        found = [one for (kind, _), one in self.objects.items() if kind == object_type]
        if object_type == "event" and self.expires:
            found = [one for one in found if one["created"] > time.time() - EVENTS_KEPT_SECONDS]
        if object_type == "subscription" and params.get("status") != "all":
            found = [one for one in found if one["status"] != "canceled"]
        if "payout" in params:
            paid_out = self.payout_transactions.get(params["payout"], [])
            found = [one for one in found if one["id"] in paid_out]
        found.sort(key=lambda one: (-one["created"], one["id"]))
        expand = [name.removeprefix("data.") for name in params["expand[]"]]
        shown, has_more = _page(found, params, _bounds(params))
        data = [self._shown(one, expand) for one in shown]
        return {"object": "list", "url": f"/v1/{path}", "has_more": has_more, "data": data}

    def _inside(self, object_type: str, object_id: str, params: dict[str, Any]) -> Object:
        name, url = INSIDE[object_type]
        whole = self.objects[object_type, object_id][name]["data"]
        data, has_more = _page(whole, params, [])
        return {
            "object": "list",
            "url": url.format(id=object_id),
            "has_more": has_more,
            "data": data,
        }

    def _retrieved(self, object_type: str, object_id: str, params: dict[str, Any]) -> Object:
        with suppress(KeyError):
            return self._shown(self.objects[object_type, object_id], params["expand[]"])
        if object_type == "customer" and (object_type, object_id) in self.deleted:
            return {"id": object_id, "object": object_type, "deleted": True}
        raise _RefusedError(404, code="resource_missing", param="id")

    def _shown(self, whole: Object, expand: list[str]) -> Object:
        """An object as an answer shows it."""
        one = deepcopy(whole)
        if one["object"] == "price" and "tiers" not in expand:
            one.pop("tiers", None)
        if not any(name.startswith("discounts") for name in expand):
            one.update({"discounts": [d["id"] for d in one["discounts"]]} if _rich(one) else {})
        if one["object"] in INSIDE:
            name, url = INSIDE[one["object"]]
            inside = one[name]["data"]
            one[name] = {
                "object": "list",
                "url": url.format(id=one["id"]),
                "has_more": len(inside) > SHOWN_INSIDE,
                "data": inside[:SHOWN_INSIDE],
            }
        return one


def _rich(one: Object) -> bool:
    return any(isinstance(discount, dict) for discount in one.get("discounts") or [])


def _bounds(params: Mapping[str, Any]) -> list[Callable[[int], bool]]:
    tests: dict[str, Callable[[int, int], bool]] = {
        "created[gt]": lambda created, bound: created > bound,
        "created[gte]": lambda created, bound: created >= bound,
        "created[lt]": lambda created, bound: created < bound,
        "created[lte]": lambda created, bound: created <= bound,
    }
    return [
        lambda created, test=test, bound=int(params[name]): test(created, bound)  # type: ignore[misc]
        for name, test in tests.items()
        if name in params
    ]


def _page(
    found: list[Object], params: Mapping[str, Any], bounds: list[Callable[[int], bool]]
) -> tuple[list[Object], bool]:
    """The objects of one page behind the cursor, and whether more follow."""
    start = 0
    if "starting_after" in params:
        ids = [one["id"] for one in found]
        if params["starting_after"] not in ids:
            raise _RefusedError(400, code="resource_missing", param="starting_after")
        start = ids.index(params["starting_after"]) + 1
    inside = [one for one in found[start:] if all(bound(one["created"]) for bound in bounds)]
    limit = min(int(params.get("limit", 10)), 100)
    return inside[:limit], len(inside) > limit


class _RefusedError(Exception):
    def __init__(
        self,
        status: int,
        message: str = "No such thing",
        headers: Mapping[str, str] | None = None,
        body: Object | None = None,
        **details: str,
    ) -> None:
        error = {"type": "invalid_request_error", "message": message, **details}
        self.response = JSONResponse(body or {"error": error}, status, headers)

"""Stripe's API through dlt's REST client: pages, retries, and errors a person understands."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import HTTPError, RequestException, Response

from ingest.errors import UserError
from ingest.stripe.kinds import Kind

# The shapes we read. Webhooks may carry older ones, staging reads both.
API_VERSION = "2026-10-28.endive"
PAGE_OBJECTS = 100  # the most Stripe gives at once
# Waits 1, 2, 4 ... seconds, or what `Retry-After` says.
ATTEMPTS = 7
LONGEST_WAIT_SECONDS = 60
CONNECT_SECONDS, ANSWER_SECONDS = 10, 80

GO_ON = "run it again, it goes on where it stopped"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Objects of one answer, newest first. `fetched_at`: when it was asked for."""

    objects: list[Object]
    fetched_at: datetime
    is_last: bool


class MissingPermissionError(Exception):
    """A restricted key may not read this; the text is the permission by Stripe's name for it."""


class CursorGoneError(UserError):
    """The object behind which the next page begins was deleted meanwhile."""


class StripeClient:
    """Lists and retrieves. Every method raises `UserError` when Stripe gives no answer."""

    def __init__(self, base: str, key: str) -> None:
        if not re.fullmatch(r"\w+", key, re.ASCII):
            raise UserError("COURSEHOUSE_STRIPE_API_KEY is not a key of Stripe (rk_..., sk_...)")
        self.base = base
        self.livemode = "_test_" not in key
        requests = Client(
            raise_for_status=False,
            request_timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            request_max_attempts=ATTEMPTS,
            request_max_retry_delay=LONGEST_WAIT_SECONDS,
        )
        self._rest = RESTClient(
            base,
            headers={"Stripe-Version": API_VERSION},
            auth=BearerTokenAuth(key),
            session=requests.session,
            # without the body of an answer in what is raised: it may tell of people
            config=RuntimeConfiguration(http_show_error_body=False),
        )

    def pages(
        self,
        kind: Kind,
        since: datetime | None = None,
        until: datetime | None = None,
        **params: str,
    ) -> Iterator[Page]:
        """Objects of a kind created between both (inclusive), lists inside them complete."""
        bounds = {"created[gte]": since, "created[lte]": until}
        query: dict[str, Any] = {
            **kind.params,
            **params,
            **{name: int(bound.timestamp()) for name, bound in bounds.items() if bound},
            "expand[]": [f"data.{field}" for field in kind.expand],
        }
        for page in self._paginate(kind.address, query):
            for found in page.objects:
                self._complete(found, kind.lists)
            yield page

    def retrieve(self, kind: Kind, object_id: str) -> Object | None:
        """One object as it is now; None if there is none of this id any more."""
        with self._answered(kind.address):
            address = f"{kind.address}/{quote(object_id, safe='')}"
            response = self._rest.get(address, params={"expand[]": list(kind.expand)})
            if response.status_code == 404:
                return None
            response.raise_for_status()
            found: Object = response.json()
        self._complete(found, kind.lists)
        return found

    def _complete(self, found: Object, lists: Sequence[str]) -> None:
        """Read on where a list inside an object was cut."""
        for name in lists:
            inside = found.get(name)
            if inside and inside["has_more"]:
                query = {"starting_after": inside["data"][-1]["id"]}
                for page in self._paginate(inside["url"], query):
                    inside["data"] += page.objects
                inside["has_more"] = False

    def _paginate(self, address: str, query: dict[str, Any]) -> Iterator[Page]:
        paginator = JSONResponseCursorPaginator(
            "data[-1].id", "starting_after", has_more_path="has_more"
        )
        with self._answered(address.partition("?")[0]):
            asked_at = datetime.now(UTC)
            for page in self._rest.paginate(
                address,
                params={**query, "limit": PAGE_OBJECTS},
                paginator=paginator,
                data_selector="data",
            ):
                yield Page(list(page), asked_at, not paginator.has_next_page)
                asked_at = datetime.now(UTC)

    @contextmanager
    def _answered(self, address: str) -> Iterator[None]:
        try:
            yield
        except HTTPError as error:
            raise _refused(address, error.response) from None
        except ValueError:  # of no JSON, or not of a list's shape
            raise UserError(
                f"{self.base} does not answer like Stripe: look at COURSEHOUSE_STRIPE_API_BASE"
            ) from None
        except RequestException as error:
            raise UserError(
                f"cannot reach Stripe at {self.base} ({type(error).__name__}): {GO_ON}"
            ) from None


def _refused(address: str, response: Response | None) -> Exception:
    """What an answer of an error means. Stripe's sentence stays out: it may tell of people."""
    told = _error_of(response)
    match response.status_code if response is not None else 0:
        case 401:
            return UserError(
                "Stripe does not accept the key in COURSEHOUSE_STRIPE_API_KEY:"
                " make a restricted key that may read (Developers > API keys)"
            )
        case 403:
            permission = re.search(r"rak_\w+", str(told.get("message")))
            return MissingPermissionError(permission[0] if permission else f"read {address}")
        case 429:
            return UserError(f"Stripe asks for fewer requests (429) and does not relent: {GO_ON}")
        case status if status >= 500:
            return UserError(f"Stripe fails at {address} ({status}): {GO_ON}")
        case _ if told.get("param") == "starting_after":
            return CursorGoneError(f"Stripe lost its place in {address}: {GO_ON}")
        case status:
            reason = told.get("code") or told.get("type") or "no reason given"
            about = f" of {told['param']}" if told.get("param") else ""
            return UserError(f"Stripe refuses {address}: {status}, {reason}{about}")


def _error_of(response: Response | None) -> dict[str, Any]:
    try:
        error = response.json()["error"] if response is not None else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}

"""How the account's webhooks and objects get out: signed, over HTTP; or into files."""

import time
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from ingest.errors import UserError
from ingest.simulate.dice import Dice
from ingest.simulate.money.play import Played
from ingest.simulate.money.truth import account_truth

TIMEOUT_SECONDS = 60
TRIES = 100
FILES = ("events.jsonl", "objects.json", "truth.json")


def deliveries(played: Played) -> list[bytes]:
    """The body of every webhook in the order of arrival, copies and all."""
    plan = played.plan
    bodies = [orjson.dumps(event) for event in played.events]
    twice = Dice(f"{plan.seed} duplicate")
    again = twice.sample(range(len(bodies)), round(plan.duplicate_share * len(bodies)))
    arriving = [(number, 0) for number in range(len(bodies))]
    # a copy comes a while later, when many others have come
    arriving += [(number + twice.about(50), number + 1) for number in again]
    order = sorted(range(len(arriving)), key=lambda n: (arriving[n][0], n))
    if plan.shuffle:
        Dice(f"{plan.seed} shuffle").shuffle(order)
    numbers = [arriving[n][1] - 1 if arriving[n][1] else arriving[n][0] for n in order]
    return [bodies[number] for number in numbers]


def to_folder(played: Played, folder: Path) -> int:
    """Write events (one a line, as delivered), the API's objects and the truth.

    Returns the number of deliveries. Raises `UserError` if a file is in the way.
    """
    sent = deliveries(played)
    contents = (
        b"".join(body + b"\n" for body in sent),
        orjson.dumps(played.objects()) + b"\n",
        orjson.dumps(account_truth(played)) + b"\n",
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any((folder / name).exists() for name in FILES):
            raise UserError(f"{folder} holds an account already: name an empty folder")
        for name, content in zip(FILES, contents, strict=True):
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror}") from None
    return len(sent)


def to_endpoint(bodies: Iterable[bytes], url: str, secret: str) -> int:
    """Post each webhook, signed now, to the collector at `url`; waits when told to.

    Returns the number of deliveries. Raises `UserError` if one is not taken.
    """
    # takes half a second to import: only for those who send
    from stripe import WebhookSignature

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"{url} is no address of a collector: write http://host:port")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    path = f"{parts.path.rstrip('/')}/webhooks/stripe"
    sent = 0
    with closing(kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)) as connection:
        for body in bodies:
            sign = WebhookSignature.generate_signature_header
            headers = {
                "content-type": "application/json; charset=utf-8",
                "stripe-signature": sign(body.decode(), secret),
            }
            _post(connection, url, path, body, headers)
            sent += 1
    return sent


def _post(
    connection: HTTPConnection, url: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    """As Stripe does: what was not acknowledged is sent again."""
    for _ in range(TRIES):
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise UserError(f"no answer from the collector at {url}: {reason}") from None
        if 200 <= response.status < 300:
            return
        if response.status not in (429, 503):
            reason = answer[:200].decode(errors="replace")
            raise UserError(f"the collector at {url} answered {response.status}: {reason}")
        time.sleep(float(response.headers.get("retry-after") or 1))
    raise UserError(f"the collector at {url} is too busy: try again later")

"""`/webhooks/stripe`: events of Stripe, each one signed."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingest.collector.intake import accepted, collector_of
from ingest.collector.problems import Problem
from ingest.collector.sink import Outgoing
from ingest.events.contracts import contract_of
from ingest.events.topics import topics
from ingest.stripe.events import TOPIC


async def stripe(request: Request) -> Response:
    """One event, kept byte for byte as it was signed; 202 for a copy of one that is kept, too."""
    collector = collector_of(request)
    if collector.stripe is None:
        raise Problem(404, "webhooks of Stripe are not switched on")
    with collector.backlog.room() as room:
        body = await collector.read_body(request, room)
        signature = request.headers.get("stripe-signature", "")
        rejection = collector.stripe.check(body, signature) or contract_of(TOPIC).check(body)
        # what Stripe signed and Postgres cannot store is kept as a dead letter
        if rejection is not None and rejection.error_class != "unstorable":
            collector.metrics.rejected.labels(TOPIC, rejection.error_class).inc()
            raise Problem(400, rejection.reason)
        event = Outgoing(topics()[TOPIC], None, body, datetime.now(UTC), rejection)
        await collector.store([event])
        return accepted(1)


routes = [Route("/webhooks/stripe", stripe, methods=["POST"])]

"""How many webhooks of Stripe does the collector acknowledge, and how long do they take?

    python bench/stripe_webhooks.py [--seconds 10] [--connections 16 64] [--runs 3]

Everything runs on this machine at once, load generator (`wrk`, one thread) and broker included.
Each request is an event of its own of about 4,200 bytes, signed before the run. Each run measures,
one after the other:

- bare: a Starlette application that reads the body and answers 202: the limit
- postgres: `coursehouse collect`, signature checked, acknowledged by a group commit with fsync
- kafka: the same, acknowledged by the embedded broker

and reports requests per second, their ratio to the bare application of the same run, p50 and p99,
processor time of the server per request (steadier when the machine is shared), and how many
acknowledged events were missing afterwards (none may be).
Target: at least 500 events/s by way of Postgres, where they go unless a Kafka is configured.
"""

import argparse
import hashlib
import hmac
import json
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg
from collector import (
    Result,
    kept_by_kafka,
    kept_by_postgres,
    load,
    postgres_environment,
    report,
    running,
)

from ingest.events.topics import topics
from ingest.kafka.admin import apply_topics
from ingest.kafka.broker import EmbeddedBroker
from ingest.postgres import EmbeddedPostgres
from ingest.processes import free_port
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap

TARGET_RATE = 500
TOPIC, TABLE = "stripe.events", "raw_stripe.events"
SECRET = "whsec_of-the-benchmark"  # noqa: S105
EVENTS_PER_SECOND = 20_000  # are made: more than the collector takes
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json; charset=utf-8"
local signed = {{}}
for line in io.lines("{file}") do signed[#signed + 1] = line end
local head, tail = '{{"id": "', [==[{rest}]==]
local n = 0
request = function()
    n = n + 1
    local id, signature = signed[(n - 1) % #signed + 1]:match("(%S+) (%S+)")
    return wrk.format(nil, "/webhooks/stripe", {{["Stripe-Signature"] = signature,
        ["Content-Type"] = wrk.headers["Content-Type"]}}, head .. id .. tail)
end
done = function(summary, latency, requests)
    io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
        summary.errors.status, summary.errors.timeout + summary.errors.read,
        latency:percentile(50), latency:percentile(99)))
end
"""


def main() -> None:
    """Run the benchmark and print a table; exit code 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed: apt-get install wrk")
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-bench-"))
    directory.chmod(0o755)
    broker = EmbeddedBroker(directory / "kafka", free_port())
    server = EmbeddedPostgres(directory / "postgres", free_port())
    broker.up()
    server.up()
    try:
        is_good = _measure(arguments, directory, broker, server)
    finally:
        broker.delete()
        server.down()
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(0 if is_good else 1)


def _measure(
    arguments: argparse.Namespace,
    directory: Path,
    broker: EmbeddedBroker,
    server: EmbeddedPostgres,
) -> bool:
    with psycopg.connect(server.dsn()) as conn:
        bootstrap(conn)
    kafka = {"kafka_bootstrap_servers": broker.bootstrap_servers}
    apply_topics(Settings.model_validate(kafka), list(topics().values()))
    collect = [sys.executable, "-m", "ingest.cli", "collect"]
    kinds: dict[str, tuple[list[str], dict[str, str]]] = {
        "bare": ([sys.executable, __file__, "--bare"], {}),
        "postgres": (collect, postgres_environment(server)),
        "kafka": (collect, {f"COURSEHOUSE_{name.upper()}": value for name, value in kafka.items()}),
    }
    kept: dict[str, Callable[[], int]] = {
        "postgres": lambda: kept_by_postgres(server, TABLE),
        "kafka": lambda: kept_by_kafka(broker, TOPIC),
    }
    rates, missing = [], 0
    for connections in arguments.connections:
        results: dict[str, list[Result]] = {kind: [] for kind in kinds}
        for _ in range(arguments.runs):
            for kind, (command, environment) in kinds.items():
                before = kept[kind]() if kind in kept else 0
                secrets = {"COURSEHOUSE_STRIPE_WEBHOOK_SECRETS": SECRET}
                with running(command, environment | secrets, directory) as (port, pid):
                    url = f"http://127.0.0.1:{port}/webhooks/stripe"
                    warm = load(_script(directory, 1), url, pid, connections, 1)
                    script = _script(directory, arguments.seconds)
                    found = load(script, url, pid, connections, arguments.seconds)
                results[kind].append(found)
                if kind in kept:
                    sent = warm.acknowledged + found.acknowledged
                    missing += max(0, sent - (kept[kind]() - before))
        rates.append(report(results, connections, arguments.runs, arguments.seconds)["postgres"])
    print(f"\nacknowledged and missing: {missing}")
    return max(rates) >= TARGET_RATE and missing == 0


def _script(directory: Path, seconds: int) -> Path:
    """A script for the load generator, with signatures of now for events never sent before."""
    rest = _rest()
    now, run = int(time.time()), uuid.uuid4().hex
    with (directory / "signed").open("w") as file:
        for number in range(seconds * EVENTS_PER_SECOND):
            event_id = f"evt_{run}{number}"
            signed = f'{now}.{{"id": "{event_id}{rest}'.encode()
            made = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            file.write(f"{event_id} t={now},v1={made}\n")
    script = directory / "post.lua"
    script.write_text(SCRIPT.format(file=file.name, rest=rest))
    return script


def _rest() -> str:
    """An event behind its id: of the size of an invoice's."""
    lines = [
        {
            "id": f"il_{number}",
            "object": "line_item",
            "amount": 4_900,
            "currency": "eur",
            "description": "1 x Algebra for everybody (at 49.00 EUR / month)",
            "period": {"start": 1_760_000_000, "end": 1_762_678_400},
            "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}},
            "metadata": {"note": "x" * 700},
        }
        for number in range(4)
    ]
    invoice = {"id": "in_1", "object": "invoice", "customer": "cus_1", "lines": {"data": lines}}
    event = {
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_760_000_000,
        "livemode": True,
        "type": "invoice.paid",
        "data": {"object": invoice},
    }
    return '", ' + json.dumps(event)[1:]


def _serve_bare(port: int) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def bare(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse({"accepted": 1}, 202)

    uvicorn.run(
        Starlette(routes=[Route("/webhooks/stripe", bare, methods=["POST"])]),
        port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning",
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        _serve_bare(int(sys.argv[3]))
    else:
        main()

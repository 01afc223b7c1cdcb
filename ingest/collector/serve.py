"""Running the collector: everything a person may have got wrong is said before it listens."""

import logging
import signal
import socket
import sys
from ipaddress import ip_network

import uvicorn

from ingest.collector.app import build_app
from ingest.collector.intake import Collector
from ingest.collector.keys import Keys
from ingest.collector.sink import Sink
from ingest.errors import UserError
from ingest.settings import Settings

log = logging.getLogger("coursehouse.collector")
WAITING_CONNECTIONS = 2048
DRAIN_SECONDS = 30


def collect(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then answer what was begun and return.

    Raises `UserError` if nobody could send, the port is taken, or records could never be stored.
    """
    keys = Keys(settings.collect_keys_path, settings.collect_keys)
    if not (keys or settings.collect_moodle_token or settings.stripe_webhook_secrets):
        raise UserError(
            "nobody may send: make a write key with coursehouse collect --new-key NAME, or set"
            " COURSEHOUSE_COLLECT_MOODLE_TOKEN or COURSEHOUSE_STRIPE_WEBHOOK_SECRETS"
        )
    _check_proxies(settings.collect_trusted_proxies)
    listener = _listen(host, port)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("coursehouse").setLevel(logging.INFO)
    sink = _sink(settings)
    collector = Collector.build(settings, sink, keys)
    sink.check()
    app = build_app(collector)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.collect_trusted_proxies),
        forwarded_allow_ips=settings.collect_trusted_proxies,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    # uvicorn raises the signal it stopped for once more: having stopped, we are done with it
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    log.info("collecting at http://%s:%d into %s", host, listener.getsockname()[1], sink.name)
    uvicorn.Server(config).run(sockets=[listener])


def _sink(settings: Settings) -> Sink:
    if settings.collect_into == "kafka":
        from ingest.collector.kafka_sink import KafkaSink

        return KafkaSink(settings)
    from ingest.collector.postgres_sink import PostgresSink

    return PostgresSink(settings)


def _check_proxies(proxies: str) -> None:
    """uvicorn takes what is no network for a name, and so trusts nobody without a word."""
    for proxy in filter(None, (part.strip() for part in proxies.split(","))):
        try:
            ip_network(proxy)
        except ValueError as error:
            raise UserError(f"COURSEHOUSE_COLLECT_TRUSTED_PROXIES is not usable: {error}") from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=WAITING_CONNECTIONS)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"cannot listen at {host}:{port}: {reason} (choose another with --host and --port)"
        ) from None

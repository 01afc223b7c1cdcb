"""The collector's OpenAPI document, and the collector held to it by schemathesis."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import plain_http
import psycopg
import pytest
import requests
import schemathesis
from collector_process import MOODLE_TOKEN, CollectorProcess, environment_of
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from stripe_events import SECRET, signature

from ingest.collector.openapi import document
from ingest.events.topics import topics
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap

EXAMPLES = 10
# the contracts bound the year, which filtering the format's own dates would hardly ever hit
INSTANTS = st.datetimes(
    min_value=datetime(1970, 1, 1),
    max_value=datetime(2099, 12, 31),
).map(lambda instant: instant.isoformat() + "Z")
schemathesis.openapi.format("date-time", INSTANTS)


# U+0000 is refused by every topic, which no schema can say
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"allow-x00": False},
        "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},  # 413 is one too
    }
)
SETTINGS = Settings(collect_max_batch=5)  # large batches take long to make up
# one topic stands for those that have an address of their own: the code is the same
API = schemathesis.openapi.from_dict(document(SETTINGS), config=CONFIG).exclude(
    path=[
        f"/v1/track/{name}"
        for name, topic in topics().items()
        if topic.is_public and name != "clickstream"
    ]
)


@pytest.fixture(scope="module")
def collector(
    new_database: Callable[[str], str],
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[CollectorProcess]:
    dsn = new_database("collector_api")
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    home = tmp_path_factory.mktemp("collector")
    environment = environment_of(dsn, home, rate="1000000", max_batch="5")
    environment["COURSEHOUSE_STRIPE_WEBHOOK_SECRETS"] = SECRET
    running = CollectorProcess(free_port(), home, environment)
    yield running.start()
    running.stop()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for thousands of requests."""
    with requests.Session() as kept:
        yield kept


class Signed(requests.auth.AuthBase):
    """Signs whatever is sent as Stripe does."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        assert isinstance(body, str | bytes)
        sent = body.encode() if isinstance(body, str) else body
        request.headers["stripe-signature"] = signature(sent, SECRET)
        return request


@API.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_document_says(
    case: Any, collector: CollectorProcess, session: requests.Session
) -> None:
    token = MOODLE_TOKEN if case.path == "/webhooks/moodle" else collector.key
    headers = {"Authorization": f"Bearer {token}"}
    signed = Signed() if "Stripe-Signature" in (case.headers or {}) else None
    case.call_and_validate(base_url=collector.url, headers=headers, session=session, auth=signed)


def test_the_document_names_every_public_topic_and_no_other(collector: CollectorProcess) -> None:
    served = plain_http.get(f"{collector.url}/openapi.json").json()
    assert served == document(SETTINGS)
    assert served["openapi"] == "3.1.0"
    of_topics = {path.removeprefix("/v1/track/") for path in served["paths"] if "track/" in path}
    assert of_topics == {name for name, topic in topics().items() if topic.is_public}
    assert "urn:" not in str(served["components"])


def test_the_document_follows_the_settings() -> None:
    body = document(Settings(collect_max_batch=7))["paths"]["/v1/track"]["post"]["requestBody"]
    record, batch, wrapped = body["content"]["application/json"]["schema"]["anyOf"]
    assert batch["maxItems"] == wrapped["properties"]["events"]["maxItems"] == 7
    assert len(record["anyOf"]) == 3

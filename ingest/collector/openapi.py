"""The interface as OpenAPI 3.1, made of the contracts that check the records."""

from importlib.metadata import version
from typing import Any

import orjson

from ingest.collector.routes.moodle import TOPIC as MOODLE
from ingest.collector.routes.track import OTHERWISE, TRACKER_TOPICS
from ingest.events.contracts import read_schema
from ingest.events.topics import topics
from ingest.settings import Settings
from ingest.stripe.events import TOPIC as STRIPE

Json = dict[str, Any]
PROBLEM = "#/components/schemas/problem"
REJECTED: Json = {
    "type": "object",
    "required": ["title", "status", "detail", "accepted", "rejected"],
    "properties": {
        "title": {"type": "string"},
        "status": {"const": 422},
        "detail": {"type": "string"},
        "accepted": {"description": "Records that are kept.", "type": "integer", "minimum": 0},
        "rejected": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["index", "topic", "error_class", "reason"],
                "properties": {
                    "index": {"description": "Place in the batch, from 0.", "type": "integer"},
                    "topic": {"type": "string"},
                    "error_class": {"enum": ["contract", "too_large", "unstorable"]},
                    "reason": {
                        "description": "Fields and rules; never what was sent.",
                        "type": "string",
                    },
                },
            },
        },
    },
}
PROBLEMS = {
    400: "The body is not JSON, not UTF-8, not gzip, or nested too deeply; of Stripe also: it is no"
    " event, its signature is of no secret known here or too old or too new",
    401: "No write key, or one that is not known",
    404: "There is no such public topic, or webhooks are not switched on",
    408: "The body did not arrive in time",
    413: "The body or the batch is too large",
    415: "The body is not application/json, or compressed with something else than gzip",
    429: "More records per second than the key allows",
    503: "The records could not be stored now; some may have been: send all of them again",
}


def document(settings: Settings) -> Json:
    """The whole document."""
    public = [name for name, topic in topics().items() if topic.is_public]
    tracker = [_ref(name) for name in dict.fromkeys([OTHERWISE, *TRACKER_TOPICS.values()])]
    paths = {
        "/v1/track": _post(
            "Send records of the student tracker",
            "`event_type` says which topic a record belongs to: quiz_* to quiz, video_* to video,"
            " anything else to clickstream.",
            {"anyOf": tracker},
            settings.collect_max_batch,
        )
    }
    for name in public:
        summary = f"Send records of the topic {name}"
        description = topics()[name].description
        paths[f"/v1/track/{name}"] = _post(
            summary, description, _ref(name), settings.collect_max_batch
        )
    paths["/webhooks/moodle"] = _post(
        "Send events of Moodle",
        "The shared token may also stand in the body, as `token` beside the event.",
        _ref(MOODLE),
        settings.collect_max_batch,
        security=[{"token": []}],
    )
    paths["/webhooks/stripe"] = {
        "post": {
            "summary": "Send an event of Stripe",
            "description": "Kept byte for byte, once however often it is delivered.",
            "security": [{"stripe": []}],
            "requestBody": _body(_ref(STRIPE)),
            "responses": {
                "202": _answer("The event is stored", "#/components/schemas/accepted"),
                **_problems(400, 404, 408, 413, 415, 503),
            },
        }
    }
    paths |= _operations()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Coursehouse collector",
            "version": version("coursehouse"),
            "description": "Records are acknowledged (202) once they are stored. In a batch with"
            " records that break their contract (422) the others are stored. Send again what was"
            " not acknowledged, with the same event ids: duplicates do not count.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": _schemas([*public, MOODLE, STRIPE]),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "writeKey": {"type": "apiKey", "in": "header", "name": "X-Write-Key"},
                "token": {"type": "http", "scheme": "bearer"},
                "stripe": {"type": "apiKey", "in": "header", "name": "Stripe-Signature"},
            },
        },
    }


def _post(
    summary: str,
    description: str,
    record: Json,
    largest: int,
    security: list[Json] | None = None,
) -> Json:
    batch = {"type": "array", "items": record, "maxItems": largest}
    wrapped = {"type": "object", "required": ["events"], "properties": {"events": batch}}
    schema = {"anyOf": [record, batch, wrapped]}
    return {
        "post": {
            "summary": summary,
            "description": description,
            "security": security or [{"bearer": []}, {"writeKey": []}],
            "requestBody": _body(schema),
            "responses": {
                "202": _answer("Every record is stored", "#/components/schemas/accepted"),
                "422": _answer(
                    "Some records break their contract and are stored as dead letters",
                    "#/components/schemas/rejected",
                    "application/problem+json",
                ),
                **_problems(*PROBLEMS),
            },
        }
    }


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _problems(*statuses: int) -> Json:
    problems = {str(status): _problem(status) for status in statuses}
    for status in problems.keys() & {"429", "503"}:
        problems[status]["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return problems


def _operations() -> Json:
    ready = {"200": _answer("Records can be stored", "#/components/schemas/health")}
    text = {"text/plain": {"schema": {"type": "string"}}}
    any_object = {"application/json": {"schema": {"type": "object"}}}
    return {
        "/healthz": {"get": {"summary": "Can records be stored?", "responses": {
            **ready, "503": _problem(503)}}},
        "/metrics": {"get": {"summary": "Metrics for Prometheus", "responses": {
            "200": {"description": "The text format", "content": text}}}},
        "/openapi.json": {"get": {"summary": "This document", "responses": {
            "200": {"description": "OpenAPI 3.1", "content": any_object}}}},
    }  # fmt: skip


def _schemas(names: list[str]) -> Json:
    contracts = {name: _embedded(name) for name in [*names, "common"]}
    text = {"type": "string"}
    # reduced to its network, or dropped, before the contract sees it
    contracts[MOODLE]["properties"]["ip"] = {"description": "The learner's address; not kept."}
    return {
        **contracts,
        "accepted": {
            "type": "object",
            "required": ["accepted"],
            "properties": {"accepted": {"type": "integer", "minimum": 0}},
        },
        "rejected": REJECTED,
        "problem": {
            "type": "object",
            "required": ["title", "status", "detail"],
            "properties": {"title": text, "status": {"type": "integer"}, "detail": text},
        },
        "health": {
            "type": "object",
            "required": ["status", "sink"],
            "properties": {"status": {"const": "ok"}, "sink": {"enum": ["kafka", "postgres"]}},
        },
    }


def _embedded(name: str) -> Json:
    """A contract as a component: its references point into this document."""
    schema = read_schema(f"{name}.json")
    kept = {part: value for part, value in schema.items() if part not in _OF_A_FILE}
    text = orjson.dumps(kept).replace(b'"common.json#', b'"#/components/schemas/common')
    embedded: Json = orjson.loads(text)
    return embedded


_OF_A_FILE = ("$schema", "$id", "version")


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _problem(status: int) -> Json:
    return _answer(PROBLEMS[status], PROBLEM, "application/problem+json")


def _answer(description: str, schema: str, media_type: str = "application/json") -> Json:
    return {"description": description, "content": {media_type: {"schema": {"$ref": schema}}}}

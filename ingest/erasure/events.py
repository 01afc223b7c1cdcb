"""Records of topics: the person becomes a stranger, dead letters go."""

import psycopg
from psycopg import sql

from ingest.erasure.person import Person
from ingest.events.topics import Topic, logs

# `stripe_payment_intent_id` leads to a customer whom Stripe knows by name.
PERSONAL = [
    *("email", "name", "first_name", "last_name", "username", "phone", "address", "city"),
    *("ip", "ip_network", "user_agent", "stripe_payment_intent_id"),
]
PERSON_FIELDS = ("user_id", "student_id", "userid")
MENTIONS = ("relateduserid", "realuserid")


def replace(conn: psycopg.Connection, person: Person, load_id: int) -> dict[str, int]:
    """Do it in the caller's transaction, rows arriving with `load_id`; table -> rows."""
    if person.system not in ("moodle", "app", "visitor"):
        return {}
    done = {}
    for topic in logs().values():
        rows = _replace_in(conn, topic, person, load_id)
        if rows:
            done[f"raw_events.{topic.table_name}"] = rows
    if letters := _drop_letters(conn, person):
        done["raw_events.dead_letter"] = letters
    return done


def _replace_in(conn: psycopg.Connection, topic: Topic, person: Person, load_id: int) -> int:
    table = sql.Identifier("raw_events", topic.table_name)
    field = "session_id" if person.system == "visitor" else topic.person_field
    where = "payload ->> %(field)s = %(old)s"
    if person.system == "visitor":  # whoever logged in is no visitor
        where += " and payload ->> %(person_field)s is null"
    parameters = {
        "old": person.id,
        "new": person.stand_in,
        "field": field,
        "person_field": topic.person_field,
        "personal": PERSONAL,
        "texts": list(person.texts),
        "load": load_id,
    }
    rows = conn.execute(
        sql.SQL(
            "update {} set"
            " payload = vault.scrubbed(payload, %(personal)s, %(texts)s) || jsonb_build_object("
            " %(field)s::text, case when jsonb_typeof(payload -> %(field)s) = 'number'"
            " then to_jsonb((%(new)s::text)::numeric) else to_jsonb(%(new)s::text) end),"
            " key = case when key = %(old)s then %(new)s else key end, _load_id = %(load)s"
            " where {}"
        ).format(table, sql.SQL(where)),
        parameters,
    ).rowcount
    for mention in MENTIONS if topic.person_field == "userid" else ():
        rows += conn.execute(
            sql.SQL(
                "update {} set payload = payload || jsonb_build_object(%(field)s::text, null),"
                " _load_id = %(load)s where payload ->> %(field)s = %(old)s"
            ).format(table),
            {**parameters, "field": mention},
        ).rowcount
    return rows


def _drop_letters(conn: psycopg.Connection, person: Person) -> int:
    """Of what is no JSON only a text that names the person can tell."""
    return conn.execute(
        "delete from raw_events.dead_letter where"
        " exists (select from unnest(%(fields)s::text []) as f where"
        " jsonb_typeof(vault.jsonb_or_null(payload)) = 'object'"
        " and vault.jsonb_or_null(payload) ->> f = %(old)s)"
        " or exists (select from unnest(%(texts)s::text []) as t where"
        " position(convert_to(t, 'UTF8') in payload) > 0)",
        {"fields": list(PERSON_FIELDS), "old": person.id, "texts": list(person.texts)},
    ).rowcount

"""What Stripe told: amounts stay, for books have to be kept; who it was goes."""

import psycopg

from ingest.erasure.person import Person

# A mention of the learner in what somebody else pays for, too.
_ABOUT = """
exists (
    select from unnest(%(known)s::text []) as k where position('"' || k || '"' in payload::text) > 0
)
or exists (
    select from unnest(%(texts)s::text []) as t where position(t in lower(payload::text)) > 0
)
"""
# Others pay for the learner: only the learner's id goes, from lists of several, too.
_MENTION = """
update raw_stripe.{table} set
    payload = regexp_replace(
        payload::text,
        '("(?:moodle_user_id|learner_user_ids|client_reference_id)": "[^"]*)\\m' || %(id)s || '\\M',
        '\\1', 'g'
    )::jsonb, {more}
    _load_id = %(load)s
where payload::text ~ (
    '"(moodle_user_id|learner_user_ids|client_reference_id)": "[^"]*\\m' || %(id)s || '\\M'
)
"""


def scrub(conn: psycopg.Connection, person: Person, load_id: int) -> dict[str, int]:
    """Do it in the caller's transaction, rows arriving with `load_id`; table -> rows.

    Objects of the person's customers, and whatever names the person, lose what is personal.
    """
    parameters = {
        "known": list(person.customers),
        "texts": [text for text in person.texts if not person.shares_email or "@" not in text],
        "load": load_id,
        "id": person.id,
    }
    done = {}
    for table, more in (("objects", ""), ("events", "body = null,")):
        rows = conn.execute(
            f"update raw_stripe.{table} set {more}"  # noqa: S608 - constants of this module
            f" payload = vault.scrubbed_of_stripe(payload, %(texts)s), _load_id = %(load)s"
            f" where {_ABOUT}".encode(),
            parameters,
        ).rowcount
        if person.system == "moodle":
            statement = _MENTION.replace("{table}", table).replace("{more}", more)
            rows += conn.execute(statement.encode(), parameters).rowcount
        if rows:
            done[f"raw_stripe.{table}"] = rows
    return done

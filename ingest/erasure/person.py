"""Whom to erase: where a person is known, by what names, and the stranger that takes the place."""

import secrets
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from ingest.errors import UserError

# Ids of strangers: Moodle never counts that far.
STAND_IN = 10**16
SHORTEST_TEXT = 4  # what is shorter stands in too many other words

_HAS_USERS = "select to_regclass('raw_moodle.mdl_user') is not null"
_CUSTOMERS = """
select distinct object_id, livemode
from (
    select object_id, payload, livemode from raw_stripe.objects where object_type = 'customer'
    union all
    select object_id, payload #> '{data,object}', livemode
    from raw_stripe.events where object_type = 'customer'
) as customers
where
    object_id = any(%(customers)s)
    or payload #>> '{metadata,moodle_user_id}' = %(id)s
    or lower(trim(payload ->> 'email')) = %(email)s
"""


@dataclass(frozen=True)
class Person:
    """One person. `system` is moodle, app, visitor or, of a customer alone, stripe.

    `texts`: what names the person, in lower case. `hashes`: pseudonyms that are stored, and those
    of the stranger.
    """

    system: str
    id: str
    stand_in: str
    username: str | None = None
    email: str | None = None  # None also if others have it, too
    texts: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    hashes: dict[str, str] = field(default_factory=dict)
    shares_email: bool = False

    @property
    def stand_in_username(self) -> str:
        """What the stranger is called."""
        return f"erased-{self.stand_in}"

    @property
    def stand_in_email(self) -> str:
        """An address that cannot exist (RFC 2606)."""
        return f"{self.stand_in}@erased.invalid"

    def subjects(self) -> list[tuple[str, str]]:
        """System and id of everything that is never to be taken in again."""
        known = [(self.system, self.id), *(("stripe", one) for one in self.customers)]
        known += [("email", self.email)] if self.email else []
        known += [("login", self.username)] if self.username else []
        return known


def by_hash(conn: psycopg.Connection, student_hash: str) -> tuple[str, str]:
    """System and id behind a pseudonym of the marts. Raises `UserError`."""
    if conn.execute("select to_regclass('vault.pseudonyms') is null").fetchone() == (True,):
        raise UserError("nothing is built yet: say --user with the id of the source")
    row = conn.execute(
        "select source_system, source_user_id from vault.pseudonyms where student_hash = %s",
        [student_hash],
    ).fetchone()
    if row is None:
        raise UserError("the vault knows nobody by this pseudonym: mind the prefix k1_")
    return row[0], row[1]


def system_of(user: str) -> str:
    """As the macro event_person_system: digits are an account of Moodle."""
    return "moodle" if user.isdigit() and not user.startswith("0") else "app"


def find(conn: psycopg.Connection, system: str, id_: str, customers: tuple[str, ...]) -> Person:
    """Gather what is known of somebody."""
    number = STAND_IN + secrets.randbelow(9 * STAND_IN)
    stand_in = str(number) if system == "moodle" else f"erased-{number}"
    account = _account(conn, id_) if system == "moodle" else {}
    email = _plain(account.get("email"))
    is_shared = email is not None and _is_shared(conn, id_, email)
    person = Person(
        system,
        id_,
        stand_in,
        username=_plain(account.get("username")),
        email=None if is_shared else email,
        texts=_texts(account),
        customers=_customers(conn, system, id_, None if is_shared else email, customers),
        shares_email=is_shared,
    )
    return Person(**{**vars(person), "hashes": _hashes(conn, person, email)})


def _account(conn: psycopg.Connection, id_: str) -> dict[str, str | None]:
    if conn.execute(_HAS_USERS).fetchone() != (True,):
        return {}
    row = conn.execute(
        "select username, email, firstname, lastname, idnumber from raw_moodle.mdl_user"
        " where id = %s",
        [int(id_)],
    ).fetchone()
    names = ("username", "email", "firstname", "lastname", "idnumber")
    return dict(zip(names, row, strict=True)) if row else {}


def _plain(text: str | None) -> str | None:
    return (text or "").strip().lower() or None


def _texts(account: dict[str, str | None]) -> tuple[str, ...]:
    first, last = _plain(account.get("firstname")), _plain(account.get("lastname"))
    found = [_plain(account.get(name)) for name in ("username", "email", "idnumber")]
    if first and last:
        found += [f"{first} {last}", f"{last}, {first}", f"{last} {first}"]
    return tuple({text for text in found if text and len(text) >= SHORTEST_TEXT})


def _is_shared(conn: psycopg.Connection, id_: str, email: str) -> bool:
    """Families share addresses: others keep what was sent to them."""
    return conn.execute(
        "select exists(select from raw_moodle.mdl_user where lower(trim(email)) = %s and id <> %s)",
        [email, int(id_)],
    ).fetchone() == (True,)


def _customers(
    conn: psycopg.Connection, system: str, id_: str, email: str | None, named: tuple[str, ...]
) -> tuple[str, ...]:
    parameters = {
        "customers": list(named),
        "id": id_ if system == "moodle" else None,
        "email": email,
    }
    found = conn.execute(_CUSTOMERS, parameters).fetchall()
    return tuple(sorted({*named, *(customer for customer, _ in found)}))


def _hashes(conn: psycopg.Connection, person: Person, email: str | None) -> dict[str, str]:
    pairs = [(person.system, person.id, person.stand_in)]
    if person.username:
        pairs.append(("login", person.username, person.stand_in_username))
    if email and not person.shares_email:
        pairs.append(("email", email, person.stand_in_email))
    statement = sql.SQL("select vault.pseudonymise(%s, %s), vault.pseudonymise(%s, %s)")
    found = {}
    for system, old, new in pairs:
        row = conn.execute(statement, [system, old, system, new]).fetchone()
        if row:
            found[row[0]] = row[1]
    return found

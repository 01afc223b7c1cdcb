"""Moodle's tables: rows about the person become a stranger's, mentions in others' rows go.

What the stranger's rows say of time and marks stays, so that nobody else's figures change.
"""

import psycopg
from psycopg import sql

from ingest.erasure import tombstones
from ingest.erasure.person import STAND_IN, Person
from ingest.warehouse.merge import Columns, columns_of

SCHEMA = "raw_moodle"
USER, LOG = "mdl_user", "mdl_logstore_standard_log"
PROFILE, CONTEXT = "mdl_user_info_data", "mdl_context"
# Whose row it is.
SUBJECTS = ("userid", "authorid", "useridfrom", "useridto", "tiuserid", "reviewerid")
# Who else had to do with it.
MENTIONS = {
    *("relateduserid", "realuserid", "loggeduser", "usermodified", "usercreated", "createdby"),
    *("modifiedby", "modifierid", "overrideby", "grader", "ownerid", "allocatedmarker", "marker"),
    *("privatereplyto", "gradeoverby", "gradinggradeoverby"),
}
# Texts that people, or programs about people, write.
TEXTS = {"other", "value", "concept", "title", "attachment", "filename", "filepath"}
# Of an account: what many others have, too.
KEPT_OF_USER = {"auth", "lang", "timezone", "country", "department", "calendartype", "theme"}
# Tables of values, and the rows they belong to: table -> column, parent.
PARTS = {
    "mdl_scorm_scoes_value": ("attemptid", "mdl_scorm_attempt"),
    "mdl_question_attempt_step_data": ("attemptstepid", "mdl_question_attempt_steps"),
}
ALL = sql.SQL("true")
LONGEST_PART = 255  # essays, and states that a package saves
CONTEXT_OF_USER = 30
_FAILED = (
    "eventname like '%%user_login_failed' and lower("
    r"""substring(other from '"username"[;:](?:s:[0-9]+:)?"([^"]+)"'))"""
)
_ERASED_LOGIN = sql.SQL(
    r"""eventname like '%user_login_failed' and vault.is_erased('login', lower(
    substring(other from '"username"[;:](?:s:[0-9]+:)?"([^"]+)"')))"""
)


def replace(conn: psycopg.Connection, person: Person, load_id: int) -> dict[str, int]:
    """Do it in the caller's transaction, rows arriving with `load_id`; table -> rows."""
    if person.system != "moodle":
        return {}
    done = {}
    tables = columns_of(conn, SCHEMA)
    for table, columns in tables.items():
        rows = _replace(conn, table, columns, person, load_id)
        if table in PARTS and PARTS[table][1] in tables:
            rows += _empty_parts(conn, table, person, load_id)
        if rows:
            done[f"{SCHEMA}.{table}"] = rows
    return done


def withhold(conn: psycopg.Connection, schema: str, tables: dict[str, Columns]) -> None:
    """Take out of landed tables what an erasure took out of raw ones. `schema` holds them.

    Rows that are a stranger's now land as they are stored: nothing changes, nothing is missed.
    """
    if not tombstones.exist(conn):
        return
    stored = columns_of(conn, SCHEMA)
    for table, columns in tables.items():
        landed = sql.Identifier(schema, table)
        for column in _subjects(table, columns):
            condition = _is_erased(landed, column)
            _take_stored(conn, landed, table, columns, stored, condition)
        for column in sorted(MENTIONS & set(columns)):
            emptied = [column, *(["other"] if table == LOG and "other" in columns else [])]
            conn.execute(
                sql.SQL("update {} set {} where {}").format(
                    landed, _nulls(emptied), _is_erased(landed, column)
                )
            )
        if table in PARTS and PARTS[table][1] in stored:
            column, parent = PARTS[table]
            condition = sql.SQL(
                "{}::text in (select p.id::text from {} as p where p.userid >= {})"
            ).format(sql.Identifier(column), sql.Identifier(SCHEMA, parent), sql.Literal(STAND_IN))
            _take_stored(conn, landed, table, columns, stored, condition)
        if table == LOG and {"other", "eventname"} <= set(columns):
            conn.execute(
                sql.SQL("update {} set {} where {}").format(
                    landed, _nulls(sorted({"other", "ip"} & set(columns))), _ERASED_LOGIN
                )
            )
    _withhold_places(conn, schema, tables)


def _take_stored(
    conn: psycopg.Connection,
    landed: sql.Identifier,
    table: str,
    columns: Columns,
    stored: dict[str, Columns],
    condition: sql.Composable,
) -> None:
    """Landed rows that meet `condition` give way to the raw ones with the same id."""
    conn.execute("drop table if exists pg_temp.withheld")
    conn.execute(
        sql.SQL("create temporary table withheld as select id from {} where {}").format(
            landed, condition
        )
    )
    conn.execute(
        sql.SQL("delete from {} where id in (select id from pg_temp.withheld)").format(landed)
    )
    shared = [name for name in columns if name in stored.get(table, {})]
    if shared and table != USER:
        conn.execute(
            sql.SQL(
                "insert into {} ({}) select {} from {} as r"
                " where r.id::text in (select id::text from pg_temp.withheld)"
            ).format(
                landed,
                sql.SQL(", ").join(map(sql.Identifier, shared)),
                sql.SQL(", ").join(
                    sql.SQL("r.{}::{}").format(sql.Identifier(c), sql.SQL(columns[c]))
                    for c in shared
                ),
                sql.Identifier(SCHEMA, table),
            )
        )


def _replace(
    conn: psycopg.Connection, table: str, columns: Columns, person: Person, load_id: int
) -> int:
    name, old, new = sql.Identifier(SCHEMA, table), int(person.id), int(person.stand_in)
    if table == USER:
        return _replace_account(conn, name, columns, person, load_id)
    if table == PROFILE:
        return conn.execute(
            sql.SQL("delete from {} where userid = %s").format(name), [old]
        ).rowcount
    subjects = _subjects(table, columns)
    mentions = sorted(MENTIONS & set(columns))
    if not subjects and not mentions:
        return _replace_places(conn, table, name, old, load_id)
    is_own, is_mention = _any_is_old(subjects), _any_is_old(mentions)
    changes = [
        sql.SQL("{0} = case when {0} = %(old)s then %(new)s else {0} end").format(
            sql.Identifier(one)
        )
        for one in subjects
    ] + [sql.SQL("{0} = nullif({0}, %(old)s)").format(sql.Identifier(one)) for one in mentions]
    # what the log says of whom it mentions goes in whatever words
    for text in sorted(name for name in TEXTS & set(columns) if columns[name] == "text"):
        changes.append(
            sql.SQL(
                "{0} = case when {1} or exists (select from unnest(%(texts)s::text []) as t"
                " where position(t in lower({0})) > 0) then null else {0} end"
            ).format(sql.Identifier(text), is_mention if table == LOG else sql.SQL("false"))
        )
    if "ip" in columns:
        changes.append(sql.SQL("ip = case when {} then null else ip end").format(is_own))
    where = _any_is_old([*subjects, *mentions])
    parameters = {"old": old, "new": new, "texts": list(person.texts), "load": load_id}
    rows = conn.execute(
        sql.SQL("update {} set {}, _load_id = %(load)s where {}").format(
            name, sql.SQL(", ").join(changes), where
        ),
        parameters,
    ).rowcount
    return rows + _replace_places(conn, table, name, old, load_id, person.username)


def _replace_account(
    conn: psycopg.Connection,
    name: sql.Identifier,
    columns: Columns,
    person: Person,
    load_id: int,
) -> int:
    personal = [
        column
        for column, type_ in columns.items()
        if type_ == "text" and column not in KEPT_OF_USER | {"username", "email"}
    ]
    return conn.execute(
        sql.SQL(
            "update {} set id = %s, username = %s, email = %s, {}, _load_id = %s,"
            " _deleted_at = coalesce(_deleted_at, now()) where id = %s"
        ).format(name, _nulls(personal)),
        [
            *(int(person.stand_in), person.stand_in_username, person.stand_in_email),
            *(load_id, int(person.id)),
        ],
    ).rowcount


def _replace_places(
    conn: psycopg.Connection,
    table: str,
    name: sql.Identifier,
    old: int,
    load_id: int,
    username: str | None = None,
) -> int:
    """A user is a place, too: the profile others look at; and a name that failed to log in."""
    changes: list[tuple[str, str]] = []
    if table == CONTEXT:
        changes = [("instanceid", f"contextlevel = {CONTEXT_OF_USER} and instanceid = %(old)s")]
    elif table == LOG:
        changes = [
            ("objectid", "objecttable = 'user' and objectid = %(old)s"),
            (
                "contextinstanceid",
                f"contextlevel = {CONTEXT_OF_USER} and contextinstanceid = %(old)s",
            ),
            ("ip", f"{_FAILED} = %(username)s"),
            ("other", f"{_FAILED} = %(username)s"),
        ]
    rows = 0
    for column, where in changes:
        rows += conn.execute(
            sql.SQL("update {} set {} = null, _load_id = %(load)s where {}").format(
                name, sql.Identifier(column), sql.SQL(where)
            ),
            {"old": old, "load": load_id, "username": username},
        ).rowcount
    return rows


def _withhold_places(conn: psycopg.Connection, schema: str, tables: dict[str, Columns]) -> None:
    places = {
        CONTEXT: [("instanceid", sql.SQL("contextlevel::text = '30'"))],
        LOG: [
            ("objectid", sql.SQL("objecttable = 'user'")),
            ("contextinstanceid", sql.SQL("contextlevel::text = '30'")),
        ],
    }
    for table, columns in places.items():
        for column, where in columns if table in tables else []:
            landed = sql.Identifier(schema, table)
            conn.execute(
                sql.SQL("update {} set {} = null where {} and {}").format(
                    landed, sql.Identifier(column), where, _is_erased(landed, column, where)
                )
            )


def _empty_parts(conn: psycopg.Connection, table: str, person: Person, load_id: int) -> int:
    column, parent = PARTS[table]
    return conn.execute(
        sql.SQL(
            "update {} as v set value = null, _load_id = %(load)s from {} as p"
            " where v.{} = p.id and p.userid = any(%(ids)s) and ("
            "length(v.value) > %(longest)s or exists ("
            "select from unnest(%(texts)s::text []) as t where position(t in lower(v.value)) > 0))"
        ).format(
            sql.Identifier(SCHEMA, table), sql.Identifier(SCHEMA, parent), sql.Identifier(column)
        ),
        {
            "load": load_id,
            "ids": [int(person.id), int(person.stand_in)],  # the parent's turn may have been before
            "longest": LONGEST_PART,
            "texts": list(person.texts),
        },
    ).rowcount


def _subjects(table: str, columns: Columns) -> list[str]:
    if table == USER:
        return ["id"] if "id" in columns else []
    return [one for one in SUBJECTS if one in columns]


def _is_erased(table: sql.Identifier, column: str, where: sql.Composable = ALL) -> sql.Composed:
    """Condition on rows of `table`; each id is hashed once."""
    return sql.SQL(
        "{column}::text in (select d.id from"
        " (select distinct {column}::text as id from {table} where {where}) as d"
        " where vault.is_erased('moodle', d.id))"
    ).format(column=sql.Identifier(column), table=table, where=where)


def _any_is_old(columns: list[str]) -> sql.Composed:
    conditions = [sql.SQL("{} = %(old)s").format(sql.Identifier(c)) for c in columns]
    return sql.SQL("({})").format(sql.SQL(" or ").join([*conditions, sql.SQL("false")]))


def _nulls(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{} = null").format(sql.Identifier(c)) for c in columns)

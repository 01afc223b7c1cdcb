"""Pseudonyms in what dbt built: the person's are replaced by the stranger's, wherever they stand.

What the next build computes anew it finds under the stranger then, as if it had always been so.
"""

import psycopg
from psycopg import sql

# Views need nothing, what loaders write holds no pseudonyms, the vault's row is deleted.
_TABLES = """
select
    n.nspname, c.relname,
    array_agg(a.attname::text order by a.attnum) as columns,
    array_agg(format_type(a.atttypid, null) order by a.attnum) as types
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where
    c.relkind = 'r'
    and n.nspname !~ '^(pg_|raw_|landing_|information_schema$|ops$|vault$|audit$|elementary$)'
    and format_type(a.atttypid, null) in ('text', 'character varying', 'text[]', 'jsonb')
group by n.nspname, c.relname
order by n.nspname, c.relname
"""
_VALUE = {
    "text[]": "array_replace({}, {}, {})",
    "jsonb": "replace({}::text, {}, {})::jsonb",
}


def replace(conn: psycopg.Connection, hashes: dict[str, str]) -> dict[str, int]:
    """Replace the keys of `hashes` by their values, in the caller's transaction; table -> rows."""
    done = {}
    for schema, table, columns, types in conn.execute(_TABLES).fetchall():
        changes, texts = [], []
        for column, type_ in zip(columns, types, strict=True):
            value: sql.Composable = sql.Identifier(column)
            for old, new in hashes.items():
                template = sql.SQL(_VALUE.get(type_, "replace({}, {}, {})"))
                value = template.format(value, sql.Literal(old), sql.Literal(new))
            changes.append(sql.SQL("{} = {}").format(sql.Identifier(column), value))
            texts.append(sql.SQL("{}::text").format(sql.Identifier(column)))
        where = sql.SQL(" or ").join(
            sql.SQL("position({} in concat_ws(' ', {})) > 0").format(
                sql.Literal(old), sql.SQL(", ").join(texts)
            )
            for old in hashes
        )
        rows = conn.execute(
            sql.SQL("update {} set {} where {}").format(
                sql.Identifier(schema, table), sql.SQL(", ").join(changes), where
            )
        ).rowcount
        if rows:
            done[f"{schema}.{table}"] = rows
    return done

"""Every text of a warehouse, looked through for what must not be there."""

import psycopg

# every text of every table, that of JSON and of bytes, too
SCAN = """
select format('%I.%I', n.nspname, c.relname), a.attname
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where
    c.relkind in ('r', 'p', 'm') and not c.relispartition
    and n.nspname !~ '^(pg_|information_schema)'
    and format_type(a.atttypid, null) ~ '^(text|character|json|bytea|name)'
"""


def traces(conn: psycopg.Connection, texts: tuple[str, ...]) -> list[str]:
    """Columns of the whole warehouse that hold one of `texts`, whatever its case."""
    found = []
    for table, column in conn.execute(SCAN).fetchall():
        read = f'"{column}"::text'
        kind = conn.execute(f'select pg_typeof("{column}")::text from {table} limit 1').fetchone()
        if kind == ("bytea",):
            read = f"""encode("{column}", 'escape')"""
        hits = conn.execute(
            f"select exists(select from {table} where lower({read}) ~ any(%s))",
            [[t.replace(".", r"\.") for t in texts]],
        ).fetchone()
        if hits == (True,):
            found.append(f"{table}.{column}")
    return found

"""Dead rows and bloated indexes: found by what Postgres counts itself, cleared without blocking.

Autovacuum does this every day; what it could not do while somebody read, and indexes, which it
never makes smaller, are left for here.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from ingest.files.load import Say

LOCK_WAIT = "10s"
# Below that nobody notices.
DEAD_ROWS, DEAD_SHARE = 10_000, 0.1
INDEX_BYTES, INDEX_RATIO = 8 << 20, 2.0

_OURS = "pg_has_role(c.relowner, 'usage') and n.nspname !~ '^pg_'"
_DEAD = f"""
select n.nspname, c.relname, s.n_dead_tup
from pg_stat_user_tables as s
inner join pg_class as c on s.relid = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
where
    {_OURS} and s.n_dead_tup >= %(rows)s
    and s.n_dead_tup >= %(share)s * (s.n_live_tup + s.n_dead_tup)
order by s.n_dead_tup desc
"""  # noqa: S608 - constants of this module

# What a new B-tree of these rows would take, by the widths that `analyze` found: 12 bytes an entry,
# rounded up, pages nine tenths full. Copies of a key take less than that, never more.
_BLOATED = f"""
with indexes as (
    select
        i.indexrelid, i.indrelid, n.nspname, c.relname, t.relname as table_name,
        i.indkey::int2 [] as keys, c.reltuples, pg_relation_size(c.oid) as size
    from pg_index as i
    inner join pg_class as c on i.indexrelid = c.oid and c.relkind = 'i'
    inner join pg_class as t on i.indrelid = t.oid and t.relpersistence = 'p'
    inner join pg_am as a on c.relam = a.oid and a.amname = 'btree'
    inner join pg_namespace as n on c.relnamespace = n.oid
    where i.indisvalid and c.reltuples > 0 and {_OURS} and pg_relation_size(c.oid) >= %(bytes)s
),

widths as (
    select indexes.indexrelid, sum(s.avg_width) as width
    from indexes
    cross join lateral unnest(indexes.keys) with ordinality as k (attnum, place)
    inner join pg_attribute as own
        on own.attrelid = indexes.indexrelid and k.place = own.attnum
    left join pg_attribute as a on a.attrelid = indexes.indrelid and k.attnum = a.attnum
    left join pg_stats as s
        on
            indexes.nspname = s.schemaname
            and s.tablename
            = case when k.attnum = 0 then indexes.relname else indexes.table_name end
            and s.attname = coalesce(a.attname, own.attname)
    group by indexes.indexrelid
    having count(*) = count(s.avg_width)
)

select indexes.nspname, indexes.relname, indexes.size
from indexes
inner join widths on indexes.indexrelid = widths.indexrelid
where
    indexes.size
    > %(ratio)s * (8192 + indexes.reltuples * (ceil((widths.width + 12) / 8) * 8) / 0.9)
order by indexes.size desc
"""  # noqa: S608
# What an interrupted `reindex concurrently` leaves: never read, always written.
_LEFT_BEHIND = f"""
select n.nspname, c.relname
from pg_index as i
inner join pg_class as c on i.indexrelid = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
where not i.indisvalid and c.relkind = 'i' and c.relname ~ '_cc(new|old)[0-9]*$' and {_OURS}
"""  # noqa: S608


@dataclass(frozen=True)
class Reindexed:
    """An index that was built anew; sizes in bytes."""

    name: str
    size_before: int
    size_after: int


def vacuum(conn: psycopg.Connection, say: Say) -> int:
    """Vacuum and analyze tables with many dead rows; how many. `conn` must be in autocommit mode.

    A table that somebody has locked is left for the next time.
    """
    found = conn.execute(_DEAD, {"rows": DEAD_ROWS, "share": DEAD_SHARE}).fetchall()
    for schema, table, dead in found:
        conn.execute(
            sql.SQL("vacuum (analyze, skip_locked) {}").format(sql.Identifier(schema, table))
        )
        say(f"vacuum {schema}.{table}: {dead:,} dead rows")
    return len(found)


def reindex(conn: psycopg.Connection, say: Say) -> list[Reindexed]:
    """Build B-trees anew that take more than twice the room they need; readers do not wait.

    `conn` must be in autocommit mode. An index whose table somebody keeps locked stays.
    """
    conn.execute(sql.SQL("set lock_timeout = {}").format(LOCK_WAIT))
    for schema, index in conn.execute(_LEFT_BEHIND).fetchall():
        conn.execute(sql.SQL("drop index if exists {}").format(sql.Identifier(schema, index)))
        say(f"drop {schema}.{index}: left behind by a run that was cut off")
    done = []
    limits = {"bytes": INDEX_BYTES, "ratio": INDEX_RATIO}
    for schema, index, before in conn.execute(_BLOATED, limits).fetchall():
        name = sql.Identifier(schema, index)
        try:
            conn.execute(sql.SQL("reindex index concurrently {}").format(name))
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            say(f"{schema}.{index} is in use, it is built anew next time")
            continue
        row = conn.execute("select pg_relation_size(%s)", [name.as_string(conn)]).fetchone()
        after = row[0] if row else 0
        say(f"reindex {schema}.{index}: {_mb(before)} to {_mb(after)}")
        done.append(Reindexed(f"{schema}.{index}", before, after))
    return done


def _mb(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MB"

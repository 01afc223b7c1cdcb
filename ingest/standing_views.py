"""Whether the views of the warehouse stand as a build of all of them left them."""

from ingest.postgres import connect
from ingest.settings import Settings

MARK = "views"
# What dbt makes of a view depends on the project, on the columns of what it reads and on the roles
# there are; what became of it is its mark (macro `view_mark`), its options and who may read it.
# After a failure all are made, so that what failed has a newer result. Tests and elementary make
# and drop tables no view of ours reads.
_STANDING = """
    select
        current_database(),
        (select oid from pg_database where datname = current_database()),
        (
            select count(*) from ops.build_result
            where resource_type = 'model' and status in ('error', 'skipped')
        ),
        (select md5(string_agg(roles.rolname, ' ' order by roles.rolname)) from pg_roles as roles),
        (
            select md5(string_agg(concat_ws(' ', nspname, nspacl), E'\n' order by nspname))
            from pg_namespace where nspname !~ '^(pg_|elementary$|dq_failures$)'
        ),
        (
            select md5(string_agg(
                concat_ws(
                    ' ', relnamespace::regnamespace, relname, relowner::regrole, relacl, reloptions,
                    obj_description(oid, 'pg_class')
                ),
                E'\n' order by relnamespace::regnamespace::text, relname
            ))
            from pg_class where relkind = 'v'
        ),
        (
            select md5(string_agg(
                concat_ws(' ', attrelid::regclass, attname, atttypid, atttypmod),
                E'\n' order by attrelid::regclass::text, attnum
            ))
            from pg_attribute
            inner join pg_class on attrelid = pg_class.oid
            where
                relkind in ('r', 'p', 'f') and not relispartition
                and attnum > 0 and not attisdropped
                and relnamespace::regnamespace::text !~ '^(pg_|elementary$|dq_failures$)'
        )
"""


def are_standing(settings: Settings, project: str) -> bool:
    """Whether a build would leave every view as it is, by what the last build of all of them left.

    The last one that was run with these settings' home; `project` is the project's fingerprint.
    """
    mark = settings.home_dir / MARK
    return mark.exists() and mark.read_text() == _state(settings, project)


def keep_views(settings: Settings, project: str) -> None:
    """Remember that all views were just made of a project with this fingerprint."""
    mark = settings.home_dir / MARK
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(_state(settings, project))


def _state(settings: Settings, project: str) -> str:
    with connect(settings) as conn:
        row = conn.execute(_STANDING).fetchone() or ()
    return " ".join(str(part) for part in (*row, project))

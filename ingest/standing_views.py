"""Whether the views of the warehouse stand as a build of all models left them."""

import os

from ingest.postgres import connect
from ingest.settings import Settings

MARK = "views"
# What dbt makes of a view depends on the project, on the columns of what it reads and on the roles
# there are; what became of it is its mark (macro `view_mark`), its options and who may read it.
# After a failure all are made, so that what failed has a newer result. Loads, tests and elementary
# make and drop tables no view of ours reads.
_STANDING = """
    select
        (select oid from pg_database where datname = current_database()),
        (
            select max(completed_at) from ops.build_run
            where status = 'failed' and exists (
                select from ops.build_result
                where
                    build_result.invocation_id = build_run.invocation_id
                    and resource_type = 'model' and status in ('error', 'skipped')
            )
        ),
        (select md5(string_agg(roles.rolname, ' ' order by roles.rolname)) from pg_roles as roles),
        (
            select md5(string_agg(concat_ws(' ', nspname, nspacl), E'\n' order by nspname))
            from pg_namespace where nspname !~ '^(pg_|landing_|elementary$|dq_failures$)'
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
                concat_ws(' ', attrelid::regclass, attname, atttypid, atttypmod, attnotnull),
                E'\n' order by attrelid::regclass::text, attnum
            ))
            from pg_attribute
            inner join pg_class on attrelid = pg_class.oid
            where
                relkind in ('r', 'p', 'f') and not relispartition
                and attnum > 0 and not attisdropped
                and relnamespace::regnamespace::text !~ '^(pg_|landing_|elementary$|dq_failures$)'
        )
"""
# dbt's variables for options that make other tables, and views that hang on them anew
_OTHERWISE = [
    f"{prefix}_{option}"
    for prefix in ("DBT", "DBT_ENGINE")
    for option in ("FULL_REFRESH", "EMPTY", "SAMPLE")
]


def are_standing(settings: Settings, project: str) -> bool:
    """Whether a build would leave every view as it is, by what the last one of all models left.

    The last one that was run with these settings' home; `project` is the project's fingerprint.
    """
    mark = settings.home_dir / MARK
    if _is_told_otherwise() or not mark.exists():
        return False
    return mark.read_text() == _state(settings, project)


def keep_views(settings: Settings, project: str) -> None:
    """Remember that all models were just made of a project with this fingerprint."""
    if _is_told_otherwise():
        return
    mark = settings.home_dir / MARK
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(_state(settings, project))


def _is_told_otherwise() -> bool:
    return any(os.environ.get(name) for name in _OTHERWISE)


def _state(settings: Settings, project: str) -> str:
    with connect(settings) as conn:
        row = conn.execute(_STANDING).fetchone() or ()
    return " ".join(str(part) for part in (*row, project))

"""Whether the marts hold all there is: what the last build of everything was made of."""

from ingest.build import project_fingerprint
from ingest.postgres import connect
from ingest.settings import Settings

MARK = "built"
# loads that find nothing may have a row, and what is broken changes marts, too
_LOADED = """
    select
        current_database() || ':' || oid || ':'
            || (select coalesce(sum(rows_inserted + rows_updated + rows_deleted), 0)
                from ops.load_manifest) || ':'
            || (select count(*) from raw_events.dead_letter)
    from pg_database
    where datname = current_database()
"""

# so that quiet hours do not look like hours in which nobody built
_UNCHANGED = """
    insert into ops.build_run
        (invocation_id, command, started_at, completed_at, status, models, tests, failures)
    values (gen_random_uuid()::text, 'unchanged', now(), now(), 'ok', 0, 0, 0)
"""


def build_state(settings: Settings) -> str:
    """What a build depends on: the warehouse, all that was loaded, and the project's files."""
    with connect(settings) as conn:
        row = conn.execute(_LOADED).fetchone()
    return f"{row[0] if row else ''} {project_fingerprint()}"


def is_built(settings: Settings) -> bool:
    """Whether a build of everything would change nothing: no load and no file since the last.

    The last one that was run with these settings' home, and went well.
    """
    mark = settings.home_dir / MARK
    return mark.exists() and mark.read_text() == build_state(settings)


def note_unchanged(settings: Settings) -> None:
    """Leave a sign that somebody would have built, and had no reason to."""
    with connect(settings) as conn:
        conn.execute(_UNCHANGED)


def keep_state(settings: Settings, state: str) -> None:
    """Remember that everything was built of `state`; nothing if it is empty."""
    mark = settings.home_dir / MARK
    if state:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(state)
    else:
        mark.unlink(missing_ok=True)

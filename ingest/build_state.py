"""Whether the marts hold all there is: what the last build of everything was made of."""

from ingest.build import project_fingerprint
from ingest.postgres import connect
from ingest.settings import Settings

MARK, UNIT_TESTED = "built", "unit_tested"
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

_SERVER = """
    select current_database() || ':' || oid || ':' || current_setting('server_version')
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
    return _of_project(settings, _LOADED)


def unit_test_state(settings: Settings) -> str:
    """What unit tests depend on: the project's files and who runs them; rows they bring along."""
    return _of_project(settings, _SERVER)


def is_built(settings: Settings) -> bool:
    """Whether a build of everything would change nothing: no load and no file since the last.

    The last one that was run with these settings' home, and went well.
    """
    return _kept(settings, MARK) == build_state(settings)


def are_unit_tests_passed(settings: Settings, state: str) -> bool:
    """Whether they would only say again what they said in `state`, in a build that went well."""
    return _kept(settings, UNIT_TESTED) == state


def note_unchanged(settings: Settings) -> None:
    """Leave a sign that somebody would have built, and had no reason to."""
    with connect(settings) as conn:
        conn.execute(_UNCHANGED)


def keep_state(settings: Settings, state: str) -> None:
    """Remember that everything was built of `state`; nothing if it is empty."""
    _keep(settings, MARK, state)


def keep_unit_tests(settings: Settings, state: str) -> None:
    """Remember that all unit tests went well in `state`."""
    _keep(settings, UNIT_TESTED, state)


def _of_project(settings: Settings, query: str) -> str:
    with connect(settings) as conn:
        row = conn.execute(query).fetchone()
    return f"{row[0] if row else ''} {project_fingerprint()}"


def _kept(settings: Settings, name: str) -> str | None:
    mark = settings.home_dir / name
    return mark.read_text() if mark.exists() else None


def _keep(settings: Settings, name: str, text: str) -> None:
    mark = settings.home_dir / name
    if text:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(text)
    else:
        mark.unlink(missing_ok=True)

"""`coursehouse backfill`: the steps of a run, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import psycopg

from ingest.archive.backfill import Backfilled, arrival_days, backfill_day
from ingest.archive.catalog import LOCK
from ingest.backfill.marts import exchange
from ingest.backfill.progress import Request, Run, Say
from ingest.errors import UserError
from ingest.events.topics import Topic, choose, logs
from ingest.files.store import Store
from ingest.settings import Settings
from ingest.warehouse.session import alone, warehouse


@dataclass
class Result:
    """What came back from the archive, and how many rows of which model differ now."""

    archive: Backfilled = field(default_factory=Backfilled)
    models: dict[str, int] = field(default_factory=dict)


def backfill(
    settings: Settings,
    first: date,
    last: date,
    say: Say,
    names: Sequence[str] = (),
    marts: Sequence[str] = (),
    *,
    may_lose: bool = False,
    is_anew: bool = False,
) -> Result:
    """Bring the topics `names` back, then compute `marts` anew, days `first` to `last` of both.

    Without either of them all topics. One transaction per topic and day, one per model; a run that
    was cut off goes on where it was, unless it `is_anew`. A mart that is incremental is exchanged
    with every incremental model behind it, in their order; then these and whatever reads them are
    built and tested. Raises `UserError`.
    """
    if first > last:
        raise UserError(f"--from {first} is after --to {last}")
    topics = choose(list(names), logs()) if names or not marts else []
    result = Result()
    with warehouse(settings) as conn:
        request = Request(first, last, [topic.topic for topic in topics], marts)
        if marts:
            # dbt costs seconds to import: only those who need it pay for it
            from ingest.build import project_fingerprint

            request = Request(first, last, request.topics, marts, project_fingerprint())
        run = Run(conn, request, say, is_anew)
        if topics:
            _bring_back(settings, conn, run, topics, request, result)
        if marts:
            _compute(settings, conn, run, request, result, say, may_lose)
        run.complete()
    return result


def _bring_back(
    settings: Settings,
    conn: psycopg.Connection,
    run: Run,
    topics: Sequence[Topic],
    request: Request,
    result: Result,
) -> None:
    alone(conn, LOCK)
    store = Store(settings.archive)
    days = [
        (topic, day)
        for topic in topics
        for day in arrival_days(conn, topic, request.first, request.last)
    ]
    run.expect(len(days))
    for topic, day in days:
        with run.step(f"{topic.topic} {day}") as step:
            if step:
                rows, letters = backfill_day(conn, store, topic, day)
                step.rows = rows + letters
                step.text = f"{rows:,} rows and {letters:,} dead letters came back"
                result.archive.rows += rows
                result.archive.letters += letters


def _compute(
    settings: Settings,
    conn: psycopg.Connection,
    run: Run,
    request: Request,
    result: Result,
    say: Say,
    may_lose: bool,
) -> None:
    from ingest.backfill.models import build, incremental_models
    from ingest.build import Dbt
    from ingest.build_lock import building

    with building(settings, say):
        dbt = Dbt()
        models = incremental_models(dbt, request.marts)
        run.expect(len(models))
        for model in models:
            with run.step(model.name) as step:
                if step:
                    step.rows = exchange(conn, model, request.first, request.last, may_lose)
                    step.text = f"{step.rows:,} rows differ"
                    result.models[model.name] = step.rows
        build(dbt, request.marts, say, from_raw=bool(request.topics))

"""The models of a backfill, as dbt knows them."""

from collections.abc import Sequence

from ingest.backfill.marts import Model
from ingest.backfill.progress import Say
from ingest.build import NO_UNIT_TESTS, Dbt
from ingest.errors import UserError

INCREMENTAL = "config.materialized:incremental,package:coursehouse"


def incremental_models(dbt: Dbt, marts: Sequence[str]) -> list[Model]:
    """Those of `marts` that are incremental, and every incremental model behind any of them.

    In an order in which none comes before one it reads. Raises `UserError` for names that are no
    models, or where dbt cannot compile them.
    """
    known = {node.name for node in dbt.models()}
    if unknown := [name for name in marts if name not in known]:
        raise UserError(f"there is no model {', '.join(unknown)}: --marts takes names of models")
    selection = " ".join(f"{name}+,{INCREMENTAL}" for name in marts)
    return [
        Model(
            schema=node.schema,
            name=node.name,
            statement=node.compiled_code,
            key=_key(node.config.unique_key),
            event_time=node.config.event_time,
        )
        for node in dbt.compiled(selection)
    ]


def build(dbt: Dbt, marts: Sequence[str], say: Say, *, from_raw: bool) -> None:
    """Build and test `marts` and what reads them, `from_raw` also what they read.

    Raises `UserError` if anything fails.
    """
    before = "+" if from_raw else ""
    selection = [f"{before}{name}+" for name in marts]
    built = dbt.build(lambda done, total: None, "--select", *selection, *NO_UNIT_TESTS)
    if built.failures:
        shown = "; ".join(built.failures[:3])
        raise UserError(f"{len(built.failures)} models or tests failed: {shown}")
    say(f"built and tested what hangs together: {built.successes:,} models and tests")


def _key(unique_key: str | list[str]) -> tuple[str, ...]:
    return (unique_key,) if isinstance(unique_key, str) else tuple(unique_key)

"""The sample site and a simulated account at Stripe, loaded and built once for all their tests."""

import random
from collections.abc import Callable

import psycopg
import pytest
from stripe_account import fill, small_account
from warehouse_fixtures import Warehouse, copy_database

from ingest.build import NO_TESTS
from ingest.fx.load import load_fx
from ingest.postgres import EmbeddedPostgres

MARTS = ("+path:models/marts/finance", "+path:models/marts/cross")


@pytest.fixture(scope="session")
def account_warehouse(
    new_warehouse: Callable[[str], Warehouse],
    postgres: EmbeddedPostgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Warehouse]:
    """Creates the named warehouse: the account, the site it belongs to and rates, built.

    Events came shuffled and in several loads, then what the API lists.
    """
    built = new_warehouse("account_built")
    load_fx(built.settings(), is_sample=True)
    events = list(small_account().events)
    random.Random(7).shuffle(events)  # noqa: S311
    with psycopg.connect(built.dsn) as conn:
        fill(conn, small_account(), events=events, loads=3)
    built.run("build", "--select", *MARTS, *NO_TESTS)

    def create(name: str) -> Warehouse:
        copy_database(postgres, built.dsn, name)
        return Warehouse(postgres.dsn(name), tmp_path_factory.mktemp(name) / "target")

    return create

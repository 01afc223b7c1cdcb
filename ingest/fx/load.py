"""`coursehouse load fx`: reference rates into `raw_ref.fx_rates`, where rows are only ever added.

dlt's HTTP client reads, with its retries; a pipeline would land what one COPY stores whole.
"""

from datetime import UTC, date, datetime, time
from pathlib import Path

import psycopg

from ingest.errors import UserError
from ingest.fx import ecb
from ingest.fx.ecb import Rate
from ingest.settings import Settings
from ingest.warehouse.manifest import next_load_id, record_load
from ingest.warehouse.merge import Counts
from ingest.warehouse.session import alone, warehouse

SOURCE, TABLE = "fx", "fx_rates"

# A rate that is known already is no news, one that differs from what was known at `fetched_at` is
# a row of its own. "Known then", not "known now": the sample may be loaded after the real thing.
_ADD = """
with added as (
    insert into raw_ref.fx_rates (
        provider, currency, rate_date, units_per_eur, fetched_at, _load_id, _loaded_at
    )
    select
        %(provider)s, read.currency, read.rate_date, read.units_per_eur,
        %(fetched_at)s, %(load_id)s, %(loaded_at)s
    from fx_read as read
    left join lateral (
        select rates.units_per_eur
        from raw_ref.fx_rates as rates
        where rates.provider = %(provider)s
            and rates.currency = read.currency
            and rates.rate_date = read.rate_date
            and rates.fetched_at <= %(fetched_at)s
        order by rates.fetched_at desc
        limit 1
    ) as known on true
    where known.units_per_eur is distinct from read.units_per_eur
    returning currency, rate_date
)
-- what an insert adds is not seen by the statement that adds it
select count(*) filter (where not is_known), count(*) filter (where is_known)
from (
    select exists (
        select from raw_ref.fx_rates as rates
        where rates.provider = %(provider)s
            and (rates.currency, rates.rate_date) = (added.currency, added.rate_date)
    ) as is_known
    from added
) as compared
"""


def load_fx(
    settings: Settings,
    is_sample: bool = False,
    full: bool = False,
    file: Path | None = None,
    provider: str = ecb.PROVIDER,
) -> tuple[Counts, date]:
    """Load what the ECB published since the last load; `full` reads the whole history again.

    A `file` holds rates of another `provider`, written as the ECB writes its own. Returns rates
    that are new and restated (`updated`), and the latest day read. Raises `UserError`; then
    nothing was stored.
    """
    if (file is None) != (provider == ecb.PROVIDER):
        raise UserError("say whose rates the file holds: --file PATH --provider NAME, not ecb")
    with warehouse(settings) as conn:
        alone(conn, "load of reference rates")
        started_at = datetime.now(UTC)
        if file:
            rates = _told(file)
        else:
            rates = ecb.sample() if is_sample else _published(conn, settings.fx_url, full)
        latest = max(rate.rate_date for rate in rates)
        if latest > started_at.date():
            raise UserError(f"the rates are dated {latest}, after today; nothing was stored")
        # the sample says what was known when its last day was over
        fetched_at = datetime.combine(latest, time.max, UTC) if is_sample else started_at
        return _store(conn, provider, rates, fetched_at, started_at), latest


def _told(file: Path) -> list[Rate]:
    try:
        return ecb.read(file.name, file.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from None


def _published(conn: psycopg.Connection, url: str, full: bool) -> list[Rate]:
    """The last ninety days where they join on to what is stored, else the whole history."""
    row = conn.execute(
        "select min(rate_date), max(rate_date) from raw_ref.fx_rates where provider = %s",
        [ecb.PROVIDER],
    ).fetchone()
    oldest, newest = row or (None, None)
    if not full and oldest and oldest <= ecb.HISTORY_BEGINS:
        recent = ecb.fetch(url, ecb.RECENT)
        if min(rate.rate_date for rate in recent) <= newest:
            return recent
    return ecb.fetch(url, ecb.HISTORY)


def _store(
    conn: psycopg.Connection,
    provider: str,
    rates: list[Rate],
    fetched_at: datetime,
    started_at: datetime,
) -> Counts:
    """Add what is new or restated, in one transaction (law 4)."""
    with conn.transaction():
        load_id = next_load_id(conn)
        conn.execute(
            "create temporary table fx_read (currency text, rate_date date, units_per_eur numeric)"
            " on commit drop"
        )
        with conn.cursor().copy("copy fx_read from stdin") as copy:
            for rate in rates:
                copy.write_row(rate)
        row = conn.execute(
            _ADD,
            {
                "provider": provider,
                "fetched_at": fetched_at,
                "load_id": load_id,
                "loaded_at": datetime.now(UTC),
            },
        ).fetchone()
        added = Counts(inserted=row[0], updated=row[1]) if row else Counts()
        tables = {TABLE: {"inserted": added.inserted, "restated": added.updated}}
        record_load(conn, load_id, SOURCE, added, started_at, tables)
    return added

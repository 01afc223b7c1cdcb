"""`load fx`: reference rates as the ECB publishes them, from a server of the test's own."""

import gzip
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from children import Trap, run_killed
from psycopg.conninfo import conninfo_to_dict

from ingest.errors import UserError
from ingest.fx import ecb, load
from ingest.fx.load import load_fx
from ingest.settings import Settings
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.merge import Counts

Days = dict[str, dict[str, str]]  # day -> currency -> rate as the ECB writes it

# the first days of the euro, and the last ones known
EARLY: Days = {"1999-01-04": {"USD": "1.1789", "SIT": "189.045"}}
LATE: Days = {
    "2026-10-29": {"USD": "1.113", "JPY": "175.92", "ISK": "135.8"},
    "2026-10-30": {"USD": "1.1172", "JPY": "175.68", "ISK": "136"},
}
NEXT: Days = {"2026-11-02": {"USD": "1.12", "JPY": "175.1", "ISK": "136.2"}}


def history(days: Days) -> bytes:
    """The zipped CSV: a line a day, newest first, N/A for no rate, a comma at the end."""
    currencies = list(dict.fromkeys(c for rates in days.values() for c in rates))
    lines = [",".join(["Date", *currencies, ""])]
    for day in sorted(days, reverse=True):
        lines.append(",".join([day, *(days[day].get(c, "N/A") for c in currencies), ""]))
    return zipped("\n".join(lines) + "\n")


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", text)
    return buffer.getvalue()


def recent(days: Days) -> bytes:
    """The XML of the last ninety days."""
    cubes = "".join(
        f'<Cube time="{day}">'
        + "".join(f'<Cube currency="{c}" rate="{r}"/>' for c, r in days[day].items())
        + "</Cube>"
        for day in sorted(days, reverse=True)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><gesmes:Envelope'
        ' xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
        ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
        "<gesmes:subject>Reference rates</gesmes:subject>"
        f"<Cube>{cubes}</Cube></gesmes:Envelope>"
    ).encode()


@dataclass
class Ecb:
    """What a server publishes, and what it was asked for."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, days: Days, last: int = 90) -> None:
        self.files[ecb.HISTORY] = history(days)
        self.files[ecb.RECENT] = recent({day: days[day] for day in sorted(days)[-last:]})


@dataclass
class FxLane:
    """A warehouse, and the loader between it and a publisher of rates."""

    dsn: str
    home: Path
    url: str = "http://127.0.0.1:1"

    def settings(self) -> Settings:
        parts = conninfo_to_dict(self.dsn)
        values: dict[str, Any] = {
            f"pg_{name}": parts[name] for name in ("host", "port", "user", "password")
        }
        return Settings.model_validate(
            values | {"home": self.home, "pg_dbname": parts["dbname"], "fx_url": self.url}
        )

    def load(self, **options: Any) -> Counts:
        return load_fx(self.settings(), **options)[0]

    def rows(self, query: str = "select * from raw_ref.fx_rates order by 1, 2, 3, 5") -> list[Any]:
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(query.encode()).fetchall()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def known(self) -> dict[tuple[str, str], list[Decimal]]:
        """(currency, day) -> its rates, oldest first."""
        found: dict[tuple[str, str], list[Decimal]] = {}
        for currency, day, rate in self.rows(
            "select currency, rate_date::text, units_per_eur from raw_ref.fx_rates"
            " order by fetched_at"
        ):
            found.setdefault((currency, day), []).append(rate)
        return found


@pytest.fixture
def publisher() -> Iterator[Ecb]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/stats/")
            published.asked.append(name)
            content = published.files.get(name)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        published = Ecb(f"http://127.0.0.1:{server.server_port}/stats/")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield published
        server.shutdown()


@pytest.fixture
def fx(database: Callable[[], str], publisher: Ecb, tmp_path: Path) -> FxLane:
    dsn = database()
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
    return FxLane(dsn, tmp_path, publisher.url)


def test_the_history_comes_first_and_later_loads_read_ninety_days(
    fx: FxLane, publisher: Ecb
) -> None:
    publisher.publish(EARLY | LATE)
    assert fx.load() == Counts(inserted=8)
    publisher.publish(EARLY | LATE | NEXT, last=3)
    assert fx.load() == Counts(inserted=3)
    assert fx.load() == Counts()
    assert publisher.asked == [ecb.HISTORY, ecb.RECENT, ecb.RECENT]
    assert fx.known()["JPY", "2026-11-02"] == [Decimal("175.1")]
    assert fx.known()["SIT", "1999-01-04"] == [Decimal("189.045")]
    # each load is written down, also one that finds nothing: the source is fresh
    loads = "select load_id, rows_inserted, source from ops.load_manifest order by 1"
    assert fx.rows(loads) == [(1, 8, "fx"), (2, 3, "fx"), (3, 0, "fx")]
    assert fx.value("select max(_load_id) from raw_ref.fx_rates") == 2


def test_days_without_a_fixing_and_currencies_without_a_rate_stay_missing(
    fx: FxLane, publisher: Ecb
) -> None:
    publisher.publish(EARLY | LATE | NEXT)
    fx.load()
    known = fx.known()
    assert ("USD", "2026-10-31") not in known  # a Saturday
    assert ("SIT", "2026-10-30") not in known
    assert fx.value("select count(*) from raw_ref.fx_rates") == 11


def test_a_restated_rate_is_a_row_of_its_own(fx: FxLane, publisher: Ecb) -> None:
    publisher.publish(EARLY | LATE)
    fx.load()
    changed = LATE | {"2026-10-29": LATE["2026-10-29"] | {"USD": "1.1131"}}
    publisher.publish(EARLY | changed, last=2)
    assert fx.load() == Counts(updated=1)
    assert fx.known()["USD", "2026-10-29"] == [Decimal("1.113"), Decimal("1.1131")]
    # and back again: what was known in between stays known
    publisher.publish(EARLY | LATE, last=2)
    assert fx.load() == Counts(updated=1)
    assert fx.load() == Counts()
    rates = ["1.113", "1.1131", "1.113"]
    assert fx.known()["USD", "2026-10-29"] == [Decimal(rate) for rate in rates]


def test_a_rate_is_the_same_whatever_zeros_it_ends_with(fx: FxLane, publisher: Ecb) -> None:
    publisher.publish(EARLY | LATE)
    fx.load()
    publisher.publish(EARLY | LATE | {"2026-10-30": LATE["2026-10-30"] | {"ISK": "136.00"}})
    assert fx.load() == Counts()


def test_after_a_longer_pause_the_history_is_read_again(fx: FxLane, publisher: Ecb) -> None:
    publisher.publish(EARLY | LATE)
    fx.load()
    publisher.publish(EARLY | LATE | NEXT | {"2026-11-03": {"USD": "1.2"}}, last=1)
    assert fx.load() == Counts(inserted=4)
    assert publisher.asked == [ecb.HISTORY, ecb.RECENT, ecb.HISTORY]


def test_full_finds_what_was_restated_long_ago(fx: FxLane, publisher: Ecb) -> None:
    publisher.publish(EARLY | LATE)
    fx.load()
    publisher.publish({"1999-01-04": {"USD": "1.179", "SIT": "189.045"}} | LATE, last=2)
    assert fx.load() == Counts()
    assert fx.load(full=True) == Counts(updated=1)


@pytest.mark.parametrize("name", [ecb.HISTORY, ecb.RECENT])
@pytest.mark.parametrize(
    "breakage",
    ["empty", "a page", "cut", "no rate", "a negative rate", "nan", "no day", "twice", "tomorrow"],
)
def test_a_broken_file_is_one_line_and_stores_nothing(
    fx: FxLane, publisher: Ecb, name: str, breakage: str
) -> None:
    if name == ecb.RECENT:  # which is read once the history is there
        publisher.publish(EARLY | LATE)
        fx.load()
    before = fx.rows()
    good = EARLY | LATE | NEXT
    write = recent if name == ecb.RECENT else history
    tomorrow = str(datetime.now(UTC).date() + timedelta(days=2))
    broken = {
        "empty": b"",
        "a page": b"<!doctype html><html><p>Be back soon.</html>",
        "cut": write(good)[:-40],
        "no rate": write(good | {"2026-11-02": {"USD": "abc"}}),
        "a negative rate": write(good | {"2026-11-02": {"USD": "-1.1"}}),
        "nan": write(good | {"2026-11-02": {"USD": "NaN"}}),
        "no day": write(good | {"2026-13-02": {"USD": "1.1"}}),
        "tomorrow": write(good | {tomorrow: {"USD": "1.1"}}),
        "twice": (
            zipped("Date,USD,\n2026-11-02,1.1,\n2026-11-02,1.2,\n")
            if name == ecb.HISTORY
            else recent(NEXT).replace(b'currency="JPY"', b'currency="USD"')
        ),
    }[breakage]
    publisher.files = {name: broken}
    with pytest.raises(UserError, match="nothing was stored") as told:
        fx.load()
    assert "\n" not in str(told.value)
    assert fx.rows() == before
    # the next load knows nothing of it
    publisher.publish(good)
    fx.load()
    assert fx.value("select count(*) from raw_ref.fx_rates") == 11


@pytest.mark.parametrize(
    "content",
    [
        zipped(""),
        zipped("Day,USD,\n2026-11-02,1.1,\n"),
        zipped("Date,USD,\n2026-11-02,1.1,2,\n"),
        zipped("Date,USD,\n2026-11-02,N/A,\n"),
        zipped("Date,usd,\n2026-11-02,1.1,\n"),
        zipped("Date,USD,\n02.11.2026,1.1,\n"),
        zipped("Date,USD,\n2026-11-02,Infinity,\n"),
        zipped("Date,USD,\n2026-11-02,1.1\0,\n"),
        zipped('Date,USD,\n"2026-11-02,1.1,\n'),
        b"PK\x05\x06" + bytes(18),  # an archive without files
        gzip.compress(b"Date,USD,\n2026-11-02,1.1,\n"),
    ],
)
def test_what_is_no_history_is_refused(content: bytes) -> None:
    with pytest.raises(UserError, match="no file of rates as the ECB writes them"):
        ecb.read(ecb.HISTORY, content)


def test_a_publisher_that_does_not_answer_is_one_line(
    fx: FxLane, publisher: Ecb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ecb, "ATTEMPTS", 1)
    with pytest.raises(UserError, match=r"eurofxref-hist.zip: HTTP 404$"):
        fx.load()
    fx.url = "http://127.0.0.1:1/"
    with pytest.raises(UserError, match=r"http://127.0.0.1:1/eurofxref-hist.zip: no answer$"):
        fx.load()
    assert fx.rows("select * from ops.load_manifest") == []


STAGES = {
    "before the number is drawn": Trap(load, "next_load_id", 0),
    "after the number is drawn": Trap(load, "next_load_id"),
    "in the middle of the COPY": Trap(psycopg.Copy, "write_row", 5),
    "before the commit": Trap(load, "record_load"),
    "after the commit": Trap(load, "_store"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_load_leaves_all_or_nothing(fx: FxLane, publisher: Ecb, stage: str) -> None:
    for days, total in ((EARLY | LATE, 8), (EARLY | LATE | NEXT, 11)):
        publisher.publish(days)
        before = fx.value("select count(*) from raw_ref.fx_rates")
        run_killed(STAGES[stage], FxLane.load, fx)
        left = fx.value("select count(*) from raw_ref.fx_rates")
        assert left == (total if stage == "after the commit" else before)
        fx.load()
        assert fx.value("select count(*) from raw_ref.fx_rates") == total
        assert fx.load() == Counts()


def test_two_loads_at_once_do_not_store_twice(fx: FxLane, publisher: Ecb) -> None:
    publisher.publish(EARLY | LATE)
    with psycopg.connect(fx.dsn) as conn:
        conn.execute(
            "select pg_advisory_lock(hashtext(%s))", ["coursehouse:load of reference rates"]
        )
        with pytest.raises(UserError, match="another process is at the load of reference rates"):
            fx.load()
    assert fx.load() == Counts(inserted=8)


def test_the_sample_needs_no_network_and_never_overrules_what_was_fetched(
    fx: FxLane, publisher: Ecb
) -> None:
    first = ecb.sample()
    assert min(rate.rate_date for rate in first) == date(2024, 1, 2)
    assert fx.load(is_sample=True) == Counts(inserted=len(first))
    assert fx.load(is_sample=True) == Counts()
    assert publisher.asked == []
    # the beginning is missing: a real load reads the history
    restated = LATE | {"2026-10-30": LATE["2026-10-30"] | {"USD": "1.1173"}}
    publisher.publish(EARLY | restated)
    assert fx.load() == Counts(inserted=2, updated=1)
    assert fx.load(is_sample=True) == Counts()
    assert fx.known()["USD", "2026-10-30"] == [Decimal("1.1172"), Decimal("1.1173")]


def test_a_file_brings_what_the_ecb_does_not_quote(fx: FxLane, publisher: Ecb) -> None:
    publisher.publish(EARLY | LATE)
    fx.load()
    file = fx.home / "dinars.csv"
    file.write_text("Date,KWD\n2026-10-29,0.342\n2026-10-30,0.343\n")
    assert fx.load(file=file, provider="central bank of kuwait") == Counts(inserted=2)
    assert fx.load(file=file, provider="central bank of kuwait") == Counts()
    assert fx.known()["KWD", "2026-10-30"] == [Decimal("0.343")]
    assert fx.load() == Counts()
    for mistake in ({"file": file}, {"provider": "somebody"}, {"file": file, "provider": "ecb"}):
        with pytest.raises(UserError, match="say whose rates the file holds"):
            fx.load(**mistake)
    with pytest.raises(UserError, match=r"cannot read .*none\.csv: No such file"):
        fx.load(file=fx.home / "none.csv", provider="somebody")


def test_the_command_says_what_it_did(fx: FxLane) -> None:
    parts = conninfo_to_dict(fx.dsn)
    done = subprocess.run(
        [sys.executable, "-m", "ingest.cli", "load", "fx", "--sample"],
        env={
            f"COURSEHOUSE_PG_{name.upper()}": str(parts[name])
            for name in ("host", "port", "user", "password", "dbname")
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        f"exchange rates loaded: {len(ecb.sample()):,} new, 0 restated, the latest of 2026-10-30\n"
    )

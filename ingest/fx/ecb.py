"""The ECB's euro reference rates: where they are published, and what their files say.

The ECB fixes them about 16:00 CET on TARGET working days, as units of a currency to one euro. The
whole history is a zipped CSV, the last ninety days are XML.
"""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from xml.etree import ElementTree

from dlt.sources.helpers import requests

from ingest.errors import UserError
from ingest.settings import PROJECT_DIR

PROVIDER = "ecb"
HISTORY, RECENT = "eurofxref-hist.zip", "eurofxref-hist-90d.xml"
HISTORY_BEGINS = date(1999, 1, 4)
# the history from 2024 on, as the ECB published it
SAMPLE = PROJECT_DIR / "sample" / "fx" / "eurofxref-hist.csv.gz"
MISSING = ("N/A", "")
# what the libraries below raise of a file that is cut, encrypted or something else altogether
BROKEN = (
    *(ValueError, EOFError, OSError, IndexError, NotImplementedError, RuntimeError),
    *(csv.Error, zipfile.BadZipFile, zlib.error, ElementTree.ParseError),
)
CURRENCY = re.compile(r"[A-Z]{3}")
TIMEOUT_SECONDS, ATTEMPTS = 30, 3


class Rate(NamedTuple):
    """Units of a currency that one euro was worth on a day, by the ECB's fixing."""

    currency: str
    rate_date: date
    units_per_eur: Decimal


def fetch(url: str, name: str) -> list[Rate]:
    """Read the file `name` below `url`.

    Raises `UserError` if there is no answer or the file is not what the ECB publishes.
    """
    address = f"{url.rstrip('/')}/{name}"
    client = requests.Client(request_timeout=TIMEOUT_SECONDS, request_max_attempts=ATTEMPTS)
    try:
        content = client.get(address).content
    except requests.RequestException as error:
        raise UserError(f"cannot read {address}: {_reason(error)}") from None
    return read(name, content)


def sample() -> list[Rate]:
    """The rates that ship with the project."""
    return read(SAMPLE.name, SAMPLE.read_bytes())


def read(name: str, content: bytes) -> list[Rate]:
    """The rates of a file, by the ending of its name; days and currencies without one are left out.

    Raises `UserError` if anything in it cannot be a rate: half a file is none.
    """
    try:
        rates = list(_cubes(content) if name.endswith(".xml") else _lines(_text(name, content)))
        keys = {(rate.currency, rate.rate_date) for rate in rates}
        if not rates or len(keys) < len(rates):
            raise ValueError("two rates for one day" if rates else "no rates")
    except BROKEN as error:
        raise UserError(
            f"{name} is no file of rates as the ECB writes them ({error}); nothing was stored"
        ) from None
    return rates


def _text(name: str, content: bytes) -> str:
    if name.endswith(".csv"):
        return content.decode()
    if name.endswith(".gz"):
        return gzip.decompress(content).decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(archive.namelist()[0]).decode()


def _lines(text: str) -> Iterator[Rate]:
    """A line a day, a column a currency; lines end with a comma."""
    header, *lines = filter(None, csv.reader(io.StringIO(text)))
    if header[0].strip() != "Date":
        raise ValueError("no column Date")
    currencies = [name.strip() for name in header[1:]]
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"{len(line)} values under {len(header)} columns")
        for currency, value in zip(currencies, line[1:], strict=True):
            if value.strip() not in MISSING:
                yield _rate(currency, line[0], value)


def _cubes(content: bytes) -> Iterator[Rate]:
    """A `Cube` with a `time` per day; in it one per currency."""
    # whoever the operator names as the source of rates is trusted, and expat bounds expansion
    for day in ElementTree.fromstring(content).iterfind(".//{*}Cube[@time]"):  # noqa: S314
        for cube in day:
            yield _rate(cube.get("currency", ""), day.get("time", ""), cube.get("rate", ""))


def _rate(currency: str, day: str, value: str) -> Rate:
    try:
        units = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value[:20]!r} is no rate") from None
    if not units.is_finite() or units <= 0:
        raise ValueError(f"{value[:20]!r} is no rate")
    if not CURRENCY.fullmatch(currency):
        raise ValueError(f"{currency[:20]!r} is no currency")
    return Rate(currency, date.fromisoformat(day), units)


def _reason(error: requests.RequestException) -> str:
    response = error.response
    return f"HTTP {response.status_code}" if response is not None else "no answer"

"""The archive after loads: at their end, now and then while they follow, and never in their way."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from event_house import House, event, jsonl, put
from event_lanes import EventLane, click
from test_events_follow import following
from typer.testing import CliRunner

from ingest.archive import auto
from ingest.archive.auto import archiving
from ingest.cli import app
from ingest.errors import UserError
from ingest.settings import Settings


def archived(root: Path) -> int:
    """Rows in the files of an archive."""
    return sum(pq.read_metadata(file).num_rows for file in root.rglob("[!.]*.parquet"))


@pytest.mark.parametrize(
    ("url", "auto", "is_on"),
    [
        (None, None, False),
        (None, True, True),
        ("s3://lake", None, True),
        ("s3://lake", False, False),
    ],
)
def test_an_address_switches_it_on_unless_told(
    url: str | None, auto: bool | None, is_on: bool
) -> None:
    settings = Settings.model_validate({"archive_url": url, "archive_auto": auto})
    assert settings.archives_loads == is_on


LOAD_CLICKS = ("load", "events", "--topics", "clicks")


def test_what_is_loaded_from_kafka_is_archived_at_the_end(
    events: EventLane, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    events.create("clicks")
    events.produce("clicks", [*map(click, range(5)), b"{}"])
    first = events.invoke(*LOAD_CLICKS, archive_url=lake)
    assert (first.exit_code, archived(lake)) == (0, 6)
    assert first.stdout.splitlines()[-1] == "archive: 6 records written"
    again = events.invoke(*LOAD_CLICKS, archive_url=lake)
    assert (again.exit_code, archived(lake)) == (0, 6)
    assert "archive" not in again.stdout
    events.produce("clicks", [click(7)])
    told = events.invoke(*LOAD_CLICKS, archive_url=lake, archive_auto=False)
    assert (told.exit_code, archived(lake)) == (0, 6)


def test_programs_read_the_summary_alone(events: EventLane, tmp_path: Path) -> None:
    events.create("clicks")
    events.produce("clicks", [click(1)])
    done = events.invoke(*LOAD_CLICKS, "--json", archive_url=tmp_path / "lake")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.splitlines()[-1] == "archive: 1 records written"


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A warehouse that archives what it loads."""
    house = House(database(), tmp_path / "home")
    settings = house.settings(archive_auto=True, files_patience_minutes=0)
    monkeypatch.setattr("ingest.files.commands.load_settings", lambda: settings)
    return house


def test_what_is_loaded_from_files_is_archived_though_some_were_broken(
    house: House, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "a.jsonl", jsonl(event(1), b"no", event(2)))
    put(inbox, "b.parquet", b"PAR1 nonsense PAR1")
    loaded = CliRunner().invoke(app, ["load", "files", str(inbox), "--topic", "user.events"])
    assert str(loaded.exception).startswith("files that cannot be loaded: 1")
    assert archived(house.home / "archive") == 3


def test_a_store_that_fails_is_an_error_and_the_next_load_takes_everything(
    house: House, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "a.jsonl", jsonl(event(1)))
    (house.home / "archive").parent.mkdir(exist_ok=True)
    (house.home / "archive").write_text("no folder")
    arguments = ["load", "files", str(inbox), "--topic", "user.events"]
    failed = CliRunner().invoke(app, arguments)
    assert isinstance(failed.exception, UserError)
    assert str(failed.exception).startswith("loaded, but not archived: ")
    assert len(house.content()) == 1
    (house.home / "archive").unlink()
    put(inbox, "b.jsonl", jsonl(event(2)))
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert archived(house.home / "archive") == 2


def test_an_archive_that_is_busy_is_no_error(house: House, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "a.jsonl", jsonl(event(1)))
    with psycopg.connect(house.dsn, autocommit=True) as other:
        other.execute("select pg_advisory_lock(hashtext('coursehouse:archive'))")
        loaded = CliRunner().invoke(app, ["load", "files", str(inbox), "--topic", "user.events"])
    assert loaded.exit_code == 0
    assert loaded.stdout.splitlines()[-1] == (
        "archive: another process is at it, the next run takes what it leaves"
    )
    assert house.archive() == 1


def test_a_load_that_fails_keeps_its_own_error(house: House) -> None:
    said: list[str] = []
    with (
        pytest.raises(UserError, match="Kafka is gone"),
        archiving(house.settings(archive_auto=True), said.append),
    ):
        raise UserError("Kafka is gone")
    assert said == []


def test_while_following_it_runs_now_and_then_and_a_store_that_fails_stops_nothing(
    events: EventLane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "EVERY_SECONDS", 0.2)
    lake = tmp_path / "lake"
    lake.write_text("no folder yet")
    said: list[str] = []
    events.create("clicks")
    with (
        archiving(events.settings(archive_url=str(lake)), said.append),
        following(events, "clicks") as follower,
    ):
        events.produce("clicks", map(click, range(10)))
        follower.wait_until(lambda: any(line.endswith("it is tried again") for line in said))
        follower.wait_for_rows("clicks", 10)
        lake.unlink()
        follower.wait_until(lambda: archived(lake) == 10)
        events.produce("clicks", map(click, range(10, 15)))
        follower.wait_until(lambda: archived(lake) == 15)

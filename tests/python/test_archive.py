"""The raw archive: every record once, whoever is killed, and all the way back from it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from children import Trap, run_killed
from event_house import House, event, jsonl, kafka_records, put, s3_server
from fsspec.implementations.local import LocalFileSystem
from s3fs import S3FileSystem
from typer.testing import CliRunner

from ingest.archive import backfill as backfill_module
from ingest.archive import catalog, compact, write
from ingest.archive.catalog import ArchiveFile
from ingest.backfill import run as backfill_run
from ingest.cli import app
from ingest.errors import UserError
from ingest.events import raw
from ingest.events.stage import Stage
from ingest.files.store import Store
from ingest.warehouse import manifest

TOPIC = "user.events"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
DAYS = (MONDAY.date(), TUESDAY.date())
LIVE = f"select * from ops.archive_file where {catalog.LIVE}"


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path) -> House:
    """Two loads on Monday and one on Tuesday: 54 rows, 6 dead letters."""
    house = House(database(), tmp_path / "home")
    for first, at in ((0, MONDAY), (20, MONDAY), (40, TUESDAY)):
        house.arrive(TOPIC, kafka_records(first, 20), at)
    return house


@pytest.fixture
def bucket(free_port: Callable[[], int], tmp_path: Path) -> Iterator[S3FileSystem]:
    with s3_server(free_port(), tmp_path / "s3.log"):
        s3 = S3FileSystem(use_listings_cache=False)
        s3.mkdir("lake")
        yield s3


def archived(house: House) -> pa.Table:
    """Every row a reader of the folder sees, in the order of identity."""
    paths = sorted((house.home / "archive").rglob("[!.]*.parquet"))
    table = pa.concat_tables([pq.read_table(p, partitioning=None) for p in paths])
    return table.sort_by([("load_id", "ascending"), ("source_offset", "ascending")])


def files(house: House) -> list[str]:
    root = house.home / "archive"
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def catalogue(house: House) -> list[str]:
    rows = house.read(f"select file_name from ops.archive_file where {catalog.LIVE} order by 1")
    return [name for (name,) in rows]


def assert_whole(house: House) -> None:
    """The archive's files, its catalogue and the raw tables agree, record by record."""
    assert files(house) == catalogue(house)
    table = archived(house)
    accepted = table.filter(pc.field("is_rejected") == False)  # noqa: E712
    keys = ("lane", "source_partition", "source_offset", "load_id", "loaded_at", "produced_at")
    found = [tuple(row[key] for key in keys) for row in accepted.to_pylist()]
    columns = ", ".join({"load_id": "_load_id", "loaded_at": "_loaded_at"}.get(k, k) for k in keys)
    assert sorted(found) == house.read(
        f"select {columns} from raw_events.user_events order by 1, 2, 3"
    )
    rejected = table.filter(pc.field("is_rejected"))
    letters = house.read(
        "select source_offset, payload, key, error_class, reason from raw_events.dead_letter"
        " order by _load_id, source_offset"
    )
    assert [
        (r["source_offset"], r["payload"], r["key"], r["error_class"], r["reason"])
        for r in rejected.to_pylist()
    ] == letters


def test_every_record_lies_under_its_topic_and_arrival_day(house: House) -> None:
    assert house.archive() == 60
    assert files(house) == [
        f"events/raw/user.events/date={day}/000000000001-000000000003-000.parquet" for day in DAYS
    ]
    table = archived(house)
    assert table.schema.equals(catalog.SCHEMA)
    assert pc.sum(table["is_rejected"]).as_py() == 6
    assert_whole(house)
    first = table.to_pylist()[1]
    assert house.value(
        f"select payload = '{first['payload'].decode()}'::jsonb from raw_events.user_events"
        " where source_offset = 1"
    )


def test_only_what_is_new_is_archived(house: House) -> None:
    house.archive()
    before = files(house)
    assert house.archive() == 0
    house.arrive(TOPIC, kafka_records(60, 20), TUESDAY)
    assert house.archive() == 20
    assert len(files(house)) == len(before) + 1
    assert_whole(house)


def test_odd_payloads_come_through_unchanged(house: House) -> None:
    odd = [None, b"", b"\xff\x00", b"not json", '{"ü": "☃"}'.encode()]
    records = [raw.Record(7, n, None, value, None) for n, value in enumerate(odd)]
    house.arrive(TOPIC, records, MONDAY)
    house.archive()
    found = archived(house).filter(pc.field("source_partition") == 7).to_pylist()
    assert [row["payload"] for row in found] == odd
    letters = house.letters()
    house.run("truncate raw_events.dead_letter")
    house.backfill(*DAYS)
    assert house.letters() == letters


STAGES = {
    "when the run is written down": Trap(write, "_open_run"),
    "in the middle of a file": Trap(catalog.Output, "write"),
    "before a file has its name": Trap(catalog.Output, "close"),
    "when a file has just got its name": Trap(LocalFileSystem, "mv"),
    "after the first file": Trap(write, "ArchiveFile"),
    "before the run is complete": Trap(write, "ArchiveFile", 2),
    "after the run is complete": Trap(write, "_complete"),
}


@pytest.mark.parametrize("moment", STAGES)
def test_an_archive_run_killed(house: House, moment: str) -> None:
    """... is done again by the next, with more that arrived: no record lost, none twice."""
    run_killed(STAGES[moment], house.archive)
    house.arrive(TOPIC, kafka_records(60, 20), TUESDAY)
    house.archive()
    assert_whole(house)
    assert house.archive() == 0


def test_a_run_is_split_into_files_of_the_target_size(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "TARGET_BYTES", 1)
    monkeypatch.setattr(catalog, "ROW_GROUP_BYTES", 1)
    monkeypatch.setattr(write, "FETCH_ROWS", 15)
    assert house.archive() == 60
    assert [name[-11:-8] for name in files(house)] == ["000", "001", "002", "000", "001"]
    assert_whole(house)


def many_small_files(house: House) -> None:
    house.archive()
    for first in range(60, 160, 20):
        house.arrive(TOPIC, kafka_records(first, 20), TUESDAY)
        house.archive()


def test_compaction_leaves_one_file_a_day_with_the_same_rows(house: House) -> None:
    many_small_files(house)
    before = archived(house)
    assert house.compact() == 6
    assert files(house) == [
        "events/raw/user.events/date=2026-03-02/000000000001-000000000003-000.parquet",
        "events/raw/user.events/date=2026-03-03/000000000001-000000000008-merged.parquet",
    ]
    assert archived(house).equals(before)
    assert_whole(house)
    assert house.compact() == 0
    house.arrive(TOPIC, kafka_records(160, 20), TUESDAY)
    house.archive()
    assert house.compact() == 2
    assert_whole(house)


def small(size: int, first: int, topic: str = TOPIC) -> ArchiveFile:
    return ArchiveFile(first, topic, DAYS[0], f"{topic}/{first}", first, first, size_bytes=size)


def test_compaction_fills_files_up_to_the_target_and_leaves_single_ones() -> None:
    mib = 1 << 20
    listed = [small(100 * mib, n) for n in range(1, 6)] + [small(1, 9, "quiz")]
    found = compact.groups(listed)
    assert [[file.first_load_id for file in group] for group in found] == [[1, 2, 3], [4, 5]]
    assert all(128 * mib <= compact._size(group) <= 512 * mib for group in found)


COMPACTION_STAGES = {
    "when it is planned": Trap(compact, "_plan"),
    "in the middle of the merged file": Trap(catalog, "batches", 2),
    "after the file, before the catalogue": Trap(LocalFileSystem, "mv"),
    "after the catalogue, before the removal": Trap(compact, "_merge"),
    "in the middle of the removal": Trap(Store, "remove", 2),
}


@pytest.mark.parametrize("moment", COMPACTION_STAGES)
def test_a_compaction_killed(house: House, moment: str) -> None:
    """... is finished by the next, and in between the catalogue names every row once."""
    many_small_files(house)
    before = archived(house)
    rows = house.content()
    run_killed(COMPACTION_STAGES[moment], house.compact)
    live = catalogue(house)
    assert set(live) <= set(files(house))
    tables = [pq.read_table(house.home / "archive" / name, partitioning=None) for name in live]
    assert pa.concat_tables(tables).num_rows == before.num_rows
    house.run("truncate raw_events.user_events")
    house.backfill(*DAYS)
    assert house.content() == rows
    house.compact()
    assert archived(house).equals(before)
    assert files(house) == catalogue(house)
    assert len(live) in (2, 7)


def checksum(house: House) -> Any:
    return house.read(
        "select md5(string_agg(e::text, '' order by source_partition, source_offset))"
        " from raw_events.user_events as e union all"
        " select md5(string_agg(d::text, '' order by dead_letter_id))"
        " from raw_events.dead_letter as d"
    )


@pytest.mark.parametrize(
    "loss",
    [
        ["drop table raw_events.user_events_20260302"],
        ["truncate raw_events.user_events", "truncate raw_events.dead_letter"],
        ["delete from raw_events.user_events where source_offset % 3 = 0"],
        ["delete from raw_events.dead_letter where source_offset < 30"],
    ],
)
def test_what_was_lost_comes_back_as_it_was(house: House, loss: list[str]) -> None:
    house.archive()
    rows, letters = house.content(), house.letters()
    kept = "select _load_id, source_offset from raw_events.user_events"
    house.run(*loss)
    untouched = set(house.read(kept))
    house.backfill(*DAYS)
    assert (house.content(), house.letters()) == (rows, letters)
    # what came back is an arrival to the models, what was there is none
    assert untouched <= set(house.read(kept))
    # one load for each day
    assert {load for load, _ in set(house.read(kept)) - untouched} <= {4, 5}
    assert house.read("select distinct source from ops.load_manifest where load_id > 3") == [
        ("backfill",)
    ]
    loads = house.value("select max(load_id) from ops.load_manifest")
    before = checksum(house)
    again = house.backfill(*DAYS)
    assert (again.rows, again.letters) == (0, 0)
    assert checksum(house) == before
    assert house.value("select max(load_id) from ops.load_manifest") == loads


def test_a_row_that_came_back_lies_in_the_partition_of_its_day(house: House) -> None:
    house.archive()
    house.run("drop table raw_events.user_events_20260302")
    house.backfill(*DAYS)
    assert house.read(
        "select tableoid::regclass::text, count(*) from raw_events.user_events"
        " group by 1 order by 1"
    ) == [("raw_events.user_events_20260302", 36), ("raw_events.user_events_20260303", 18)]


def test_days_and_topics_are_chosen(house: House) -> None:
    house.arrive("quiz", [raw.Record(0, 0, None, b"no", None)], MONDAY)
    house.archive()
    house.run("truncate raw_events.user_events", "truncate raw_events.dead_letter")
    assert house.backfill(DAYS[1], DAYS[1]).rows == 18
    assert house.backfill(*DAYS, "quiz").letters == 1
    result = house.backfill(*DAYS, TOPIC)
    assert (result.rows, result.letters) == (36, 4)


def test_rows_that_came_back_are_not_archived_again(house: House) -> None:
    house.archive()
    house.run("truncate raw_events.user_events")
    house.backfill(*DAYS)
    assert house.archive() == 0
    house.arrive(TOPIC, kafka_records(60, 20), TUESDAY)
    assert house.archive() == 20


BACKFILL_STAGES = {
    "after some rows": Trap(Stage, "add"),
    "under the lock": Trap(backfill_module, "next_load_id"),
    "after the rows": Trap(Stage, "publish"),
    "before the commit": Trap(backfill_module, "record_load"),
}


@pytest.mark.parametrize("moment", BACKFILL_STAGES)
def test_a_backfill_killed_left_nothing_behind(house: House, moment: str) -> None:
    house.archive()
    rows = house.content()
    house.run("truncate raw_events.user_events")
    run_killed(BACKFILL_STAGES[moment], house.backfill, *DAYS)
    assert house.content() == []
    house.backfill(*DAYS)
    assert house.content() == rows


def test_a_backfill_killed_goes_on_with_the_day_it_was_at(house: House) -> None:
    house.archive()
    rows = house.content()
    house.run("truncate raw_events.user_events")
    # in the transaction of the second day
    run_killed(Trap(backfill_run, "backfill_day", 2), house.backfill, *DAYS)
    assert house.content() == [row for row in rows if row[-1].date() == DAYS[0]]
    house.said.clear()
    assert house.backfill(*DAYS).rows == 18
    assert house.content() == rows
    assert house.said[0].startswith("going on with the backfill of ")
    assert house.said[0].endswith(" 1 steps are done (--anew begins again)")
    assert house.said[1:] == [
        f"[2/2] {TOPIC} {DAYS[1]}: 18 rows and 0 dead letters came back",
    ]
    # that run is complete: what is lost after it comes back by the same command
    house.run("truncate raw_events.user_events")
    assert house.backfill(*DAYS).rows == 54


def test_a_record_that_is_loaded_while_a_backfill_stages_it_is_not_doubled(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.archive()
    house.run("truncate raw_events.user_events", "truncate raw_events.dead_letter")
    real = manifest.next_load_id

    def late(conn: Any) -> int:
        monkeypatch.setattr(backfill_module, "next_load_id", real)
        house.arrive(TOPIC, kafka_records(0, 10), TUESDAY)
        return real(conn)

    monkeypatch.setattr(backfill_module, "next_load_id", late)
    house.backfill(*DAYS)
    for table in ("user_events", "dead_letter"):
        assert house.value(
            f"select count(*) = count(distinct source_offset) from raw_events.{table}"
        )
    assert len(house.content()) == 54
    assert len(house.letters()) == 6


def test_batch_files_survive_the_way_through_the_archive(house: House, tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jsonl", jsonl(event(1), b"no", event(2)))
    house.load(tmp_path / "in", TOPIC)
    house.archive()
    rows, letters = house.content(), house.letters()
    house.run("truncate raw_events.user_events", "truncate raw_events.dead_letter")
    today = datetime.now(UTC).date()
    house.backfill(DAYS[0], today)
    assert (house.content(), house.letters()) == (rows, letters)


def test_an_object_store_holds_the_archive_as_well(house: House, bucket: S3FileSystem) -> None:
    there: dict[str, Any] = {"archive_url": "s3://lake/coursehouse"}
    rows, letters = house.content(), house.letters()
    assert house.archive(**there) == 60
    house.arrive(TOPIC, kafka_records(60, 20), TUESDAY)
    assert house.archive(**there) == 20
    assert house.compact(**there) == 2
    found = bucket.find("lake")
    assert [name.removeprefix("lake/coursehouse/") for name in found] == catalogue(house)
    house.run("truncate raw_events.user_events", "truncate raw_events.dead_letter")
    house.backfill(*DAYS, **there)
    assert len(house.content()) == len(rows) + 18
    assert len(house.letters()) == len(letters) + 2


def test_a_store_that_fails_is_one_line_and_the_next_run_makes_it_good(
    house: House, bucket: S3FileSystem, free_port: Callable[[], int]
) -> None:
    with pytest.raises(UserError) as failed:
        house.archive(archive_url="s3://no-such-bucket/x")
    assert "s3://no-such-bucket/x/events/raw/user.events" in str(failed.value)
    assert house.archive(archive_url="s3://lake/x") == 60
    assert len(bucket.find("lake/x")) == 2


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["/bin/umount", place], check=True)


def test_a_full_disk_is_one_line_and_leaves_nothing_half(house: House, tiny_disk: Path) -> None:
    noise = os.urandom(1 << 18).hex().encode()
    house.arrive(TOPIC, [raw.Record(0, 99, None, noise, None)], MONDAY)
    url = {"archive_url": str(tiny_disk / "archive")}
    with pytest.raises(UserError, match="No space left on device"):
        house.archive(**url)
    assert not [p for p in tiny_disk.rglob("*") if p.is_file() and p.stat().st_size > 100_000]
    assert house.read(LIVE) == []
    assert house.archive() == 61
    assert_whole(house)


def test_two_archives_at_once_are_refused(house: House) -> None:
    with psycopg.connect(house.dsn, autocommit=True) as other:
        other.execute("select pg_advisory_lock(hashtext('coursehouse:archive'))")
        for work in (house.archive, house.compact, lambda: house.backfill(*DAYS)):
            with pytest.raises(UserError, match="another process is at the archive"):
                work()
    assert house.archive() == 60


@pytest.mark.parametrize("damage", [b"", b"PAR1 nonsense PAR1"])
def test_a_damaged_archive_file_brings_nothing_back(house: House, damage: bytes) -> None:
    house.archive()
    house.run("truncate raw_events.user_events")
    (house.home / "archive" / files(house)[0]).write_bytes(damage)
    with pytest.raises(UserError, match=r"the archive file .*000\.parquet is damaged"):
        house.backfill(*DAYS)
    (house.home / "archive" / files(house)[0]).unlink()
    with pytest.raises(UserError, match=r"there is no .*000\.parquet"):
        house.backfill(*DAYS)
    assert house.content() == []


def test_the_commands_say_what_they_did(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house.settings()
    for module in ("archive", "backfill"):
        monkeypatch.setattr(f"ingest.{module}.commands.load_settings", lambda: settings)

    def last_line(*arguments: str) -> str:
        ran = CliRunner().invoke(app, arguments)
        assert ran.exit_code == 0, ran.output
        return ran.output.splitlines()[-1]

    assert last_line("archive") == "archive: 60 records written"
    assert last_line("archive", "--compact") == "archive: 0 files merged into larger ones"
    house.run("truncate raw_events.user_events")
    days = ("--from", "2026-03-02", "--to", "2026-03-03")
    assert last_line("backfill", *days, "--topics", "user.events, quiz") == (
        "backfill: 54 rows and 0 dead letters came back"
    )
    with pytest.raises(UserError, match="--from 2026-03-02 is after --to 2026-03-01"):
        house.backfill(date(2026, 3, 2), date(2026, 3, 1))

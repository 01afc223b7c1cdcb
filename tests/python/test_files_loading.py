"""`coursehouse load files`: crashes, twins, half-written files, object stores, bad addresses."""

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from children import Trap, run_killed
from event_house import House, age, event, jsonl, put, s3_server
from psycopg.conninfo import conninfo_to_dict
from s3fs import S3FileSystem
from test_files import csv_of, parquet_of
from typer.testing import CliRunner

from ingest.cli import app
from ingest.errors import UserError
from ingest.events import stage as stage_module
from ingest.events.stage import Stage
from ingest.files import load
from ingest.files.load import watch_files
from ingest.files.store import Store
from ingest.warehouse import manifest

TOPIC = "user.events"
COUNT = "select count(*), count(distinct (source_partition, source_offset)) from {}"
ROWS = COUNT.format("raw_events.user_events")


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path) -> House:
    return House(database(), tmp_path / "home")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def bucket(free_port: Callable[[], int], tmp_path: Path) -> Iterator[S3FileSystem]:
    with s3_server(free_port(), tmp_path / "s3.log"):
        s3 = S3FileSystem(use_listings_cache=False)
        s3.mkdir("events")
        yield s3


STAGES = {
    "before a row is read": Trap(Stage, "__init__"),
    "after the first of several chunks": Trap(Stage, "add"),
    "after all chunks": Trap(Store, "look"),
    "under the lock": Trap(load, "next_load_id"),
    "after the rows": Trap(Stage, "publish"),
    "before the commit": Trap(load, "record_load"),
    "after the commit of the first file": Trap(load.FileLoader, "_load"),
}


def load_in_chunks(house: House, inbox: Path) -> None:
    load.CHUNK_ROWS = 10
    house.load(inbox, TOPIC)


@pytest.mark.parametrize("moment", STAGES)
def test_a_load_killed(house: House, inbox: Path, moment: str) -> None:
    """... has loaded a file whole or not at all, and the next load does the rest."""
    put(inbox, "a.jsonl", jsonl(*(event(n) for n in range(30)), b"no"))
    put(inbox, "b.jsonl", jsonl(*(event(n) for n in range(30, 50))))
    run_killed(STAGES[moment], load_in_chunks, house, inbox)
    done = moment == "after the commit of the first file"
    assert house.read(ROWS) == [(30, 30) if done else (0, 0)]
    assert len(house.letters()) == done
    assert house.value("select count(*) from ops.load_manifest") == done
    result = house.load(inbox, TOPIC)
    assert result.files == ({"known": 1, "loaded": 1} if done else {"loaded": 2})
    assert house.read(ROWS) == [(50, 50)]
    assert len(house.letters()) == 1
    assert house.load(inbox, TOPIC).files == {"known": 2}


def test_two_loaders_at_once_load_a_file_once(
    house: House, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox, "a.jsonl", jsonl(*(event(n) for n in range(100)), b"no"))
    both_are_here = threading.Barrier(2, timeout=30)
    real = manifest.next_load_id

    def together(conn: Any) -> int:
        both_are_here.wait()
        return real(conn)

    monkeypatch.setattr(load, "next_load_id", together)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: house.load(inbox, TOPIC), range(2)))
    assert sorted(str(dict(result.files)) for result in results) == [
        "{'known': 1}",
        "{'loaded': 1}",
    ]
    assert sum(result.accepted for result in results) == 100
    assert house.read(ROWS) == [(100, 100)]
    assert len(house.letters()) == 1
    assert house.read("select load_id from ops.load_manifest") == [(1,)]


def test_the_lock_is_not_held_while_a_file_is_read(
    house: House, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another load may publish in the middle, and its number is the lower one."""
    put(inbox, "a.jsonl", jsonl(event(1)))
    put(inbox, "b/b.jsonl", jsonl(event(2)))
    real = Stage.add

    def interrupted(self: Stage, rows: Any) -> Any:
        monkeypatch.setattr(Stage, "add", real)
        house.load(inbox / "b", TOPIC)
        return real(self, rows)

    monkeypatch.setattr(Stage, "add", interrupted)
    house.load(inbox / "a.jsonl", TOPIC)
    assert house.read(
        "select right(file_name, 7), load_id from ops.file_manifest order by load_id"
    ) == [("b.jsonl", 1), ("a.jsonl", 2)]


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


HALVES: dict[str, tuple[bytes, str]] = {
    "a.jsonl.gz": (
        gzip.compress(jsonl(*(event(n) for n in range(500)))),
        "its gzip stream ends in the middle",
    ),
    "a.csv.gz": (gzip.compress(csv_of(event(1))), "its gzip stream ends in the middle"),
    "a.parquet": (parquet_of(event(1)), "its Parquet footer is missing"),
    "a.json": (b"[%s]" % jsonl(event(1)).strip(), "its JSON ends in the middle"),
}


@pytest.mark.parametrize("name", HALVES)
def test_a_file_that_ends_in_the_middle_waits_until_it_is_whole(
    house: House, inbox: Path, name: str
) -> None:
    content, reason = HALVES[name]
    path = put(inbox, name, half(content))
    assert house.load(inbox, TOPIC).files == {"waiting": 1}
    assert house.said == [f"file://{path}: waits, {reason}"]
    assert (house.read(ROWS), house.letters()) == ([(0, 0)], [])
    path.write_bytes(content)
    assert house.load(inbox, TOPIC).files == {"loaded": 1}


@pytest.mark.parametrize("name", HALVES)
def test_a_file_that_stays_half_is_broken(house: House, inbox: Path, name: str) -> None:
    content, reason = HALVES[name]
    path = put(inbox, name, half(content))
    age(path, 3_700)
    assert house.load(inbox, TOPIC).files == {"broken": 1}
    assert house.said == [
        f"file://{path}: cannot be loaded: {reason}, and nobody goes on writing it"
    ]
    assert house.load(inbox, TOPIC, files_patience_minutes=120).files == {"waiting": 1}


def test_empty_gz_and_parquet_files_wait(house: House, inbox: Path) -> None:
    put(inbox, "a.jsonl.gz", b"")
    put(inbox, "a.parquet", b"")
    put(inbox, "a.json", b"")
    assert house.load(inbox, TOPIC).files == {"waiting": 3}


def test_a_file_written_a_moment_ago_waits_for_the_quiet_time(house: House, inbox: Path) -> None:
    path = put(inbox, "a.jsonl", jsonl(event(1)))
    assert house.load(inbox, TOPIC, files_quiet_seconds=60).files == {"waiting": 1}
    age(path, 61)
    assert house.load(inbox, TOPIC, files_quiet_seconds=60).files == {"loaded": 1}


def test_a_file_dated_in_the_future_does_not_wait_until_then(house: House, inbox: Path) -> None:
    age(put(inbox, "a.jsonl", jsonl(event(1))), -86_400)
    assert house.load(inbox, TOPIC, files_quiet_seconds=60).files == {"loaded": 1}


def test_a_file_that_is_written_while_it_is_read_waits(
    house: House, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(inbox, "a.jsonl", jsonl(event(1)))
    real = Stage.add

    def disturbed(self: Stage, rows: Any) -> Any:
        with path.open("ab") as file:
            file.write(jsonl(event(2)))
        return real(self, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Stage, "add", disturbed)
        assert house.load(inbox, TOPIC).files == {"waiting": 1}
    assert house.read(ROWS) == [(0, 0)]
    assert house.load(inbox, TOPIC).accepted == 2


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.jsonl.gz", jsonl(event(1)), "it is no gzip file: Not a gzipped file (b'{\"')"),
        ("a.csv.gz", gzip.compress(csv_of(event(1))) + b"garbage", "it is no gzip file: Not a"),
        ("a.parquet", b"no Parquet at all", "it is no Parquet file: "),
        ("a.json", b"[1 2]", "it is not JSON: line 1"),
        ("b.json", b'[{"a": 1}, {"b": "\xff"}]', "byte 18 is not UTF-8"),
        ("c.json", b"[" * 100_000 + b"]" * 100_000, "its JSON is nested too deeply"),
    ],
)
def test_a_broken_file_is_said_in_one_line_and_the_others_are_loaded(
    house: House, inbox: Path, name: str, content: bytes, reason: str
) -> None:
    path = put(inbox, name, content)
    put(inbox, "z.jsonl", jsonl(event(1)))
    assert house.load(inbox, TOPIC).files == {"broken": 1, "loaded": 1}
    assert house.said[0].startswith(f"file://{path}: cannot be loaded: {reason}")
    assert "\n" not in house.said[0]
    assert house.read(ROWS) == [(1, 1)]


def test_a_parquet_file_with_a_damaged_page_loads_nothing(house: House, inbox: Path) -> None:
    content = bytearray(parquet_of(*(event(n) for n in range(5_000))))
    content[1_000:60_000] = b"\x55" * 59_000
    put(inbox, "a.parquet", bytes(content))
    assert house.load(inbox, TOPIC).files == {"broken": 1}
    assert house.read(ROWS) == [(0, 0)]


def test_a_document_beyond_the_limit_says_what_to_write_instead(
    house: House, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.files.formats.MAX_DOCUMENT_BYTES", 1 << 20)
    put(inbox, "a.json", b"[" + b" " * (1 << 20) + b"]")
    assert house.load(inbox, TOPIC).files == {"broken": 1}
    assert house.said[0].endswith("a JSON document may have 1 MiB: write JSON Lines (.jsonl)")


def test_a_file_nobody_may_read_is_said(
    house: House, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(inbox, "a.jsonl", jsonl(event(1)))
    real = Path.open

    def refused(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == path:  # root, who may run this test, can read everything
            raise PermissionError(13, "Permission denied", str(path))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refused)
    assert house.load(inbox, TOPIC).files == {"broken": 1}
    assert house.said == [
        f"file://{path}: cannot be loaded: no permission for file://{path}: Permission denied"
    ]


def test_a_watch_finds_what_comes_later_and_says_each_thing_once(house: House, inbox: Path) -> None:
    said: list[str] = []
    looks = watch_files(house.settings(), str(inbox), said.append, TOPIC)
    assert next(looks).files == {}
    path = put(inbox, "a.jsonl.gz", half(gzip.compress(jsonl(event(1)))))
    assert [look.files["waiting"] for look in islice(looks, 3)] == [1, 1, 1]
    path.write_bytes(gzip.compress(jsonl(event(1))))
    put(inbox, "b.jsonl", jsonl(event(2)))
    assert next(looks).files == {"loaded": 2}
    assert next(looks).files == {"known": 2}
    looks.close()
    assert len([line for line in said if "waits" in line]) == 1
    assert house.read(ROWS) == [(2, 2)]


def test_a_watch_that_is_told_to_stop_ends_cleanly(house: House, inbox: Path) -> None:
    put(inbox, "a.jsonl", jsonl(event(1)))
    parts = conninfo_to_dict(house.dsn)
    environment = {
        f"COURSEHOUSE_PG_{name.upper()}": str(parts[name])
        for name in ("host", "port", "user", "password", "dbname")
    }
    watch = subprocess.Popen(
        [sys.executable, "-m", "ingest.cli", "load", "files", inbox, "--topic", TOPIC, "--watch"],
        env={**os.environ, **environment, "COURSEHOUSE_FILES_QUIET_SECONDS": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watch.stdout is not None
    assert watch.stdout.readline().endswith("a.jsonl: 1 rows, 0 rejected\n")
    watch.send_signal(signal.SIGTERM)
    rest, _ = watch.communicate(timeout=30)
    assert (watch.returncode, rest) == (0, "stopped\n")
    assert house.read(ROWS) == [(1, 1)]


def test_an_object_store_is_read_like_a_folder(house: House, bucket: S3FileSystem) -> None:
    bucket.pipe("events/in/user.events/ü.jsonl", jsonl(event(1), b"no"))
    bucket.pipe("events/in/user.events/b.csv.gz", gzip.compress(csv_of(event(2))))
    bucket.pipe("events/in/user.events/c.parquet", parquet_of(event(3)))
    bucket.pipe("events/in/user.events/d.parquet", half(parquet_of(event(4))))
    result = house.load("s3://events/in")
    assert result.files == {"loaded": 3, "waiting": 1}
    assert (result.accepted, result.rejected) == (3, 1)
    assert house.value("select min(file_name) from ops.file_manifest").startswith("s3://events/in")
    assert house.value("select bool_and(produced_at is not null) from raw_events.user_events")
    bucket.pipe("events/in/user.events/d.parquet", parquet_of(event(4)))
    assert house.load("s3://events/in").files == {"loaded": 1, "known": 3}
    assert house.load("s3://events/in/user.events/c.parquet").files == {"known": 1}


def test_a_file_behind_an_address_of_the_web_is_loaded_once(house: House, inbox: Path) -> None:
    put(inbox, "a.csv", csv_of(event(1), event(2)))
    handler = partial(SimpleHTTPRequestHandler, directory=str(inbox))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/a.csv"
        assert house.load(url, TOPIC).accepted == 2
        assert house.load(url, TOPIC).files == {"known": 1}
        put(inbox, "a.csv", csv_of(event(2), event(1)))  # of the same size
        assert house.load(url, TOPIC).files == {"loaded": 1}
        with pytest.raises(UserError, match="there is no"):
            house.load(url.replace("a.csv", "b.csv"), TOPIC)
        server.shutdown()


def test_addresses_that_lead_nowhere_are_one_clear_line(
    house: House, bucket: S3FileSystem, free_port: Callable[[], int], inbox: Path
) -> None:
    port = free_port()
    expected = {
        f"{inbox}/nothing": f"there is no {inbox}/nothing",
        "s3://nowhere/x": "there is no s3://nowhere/x",
        "gs://bucket/x": "gs:// needs the package gcsfs: install it beside Coursehouse with pip",
        "nosuch://x": "cannot use nosuch://x: Protocol not known: nosuch",
        f"http://me:secret@127.0.0.1:{port}/a.csv?token=secret": f"http://127.0.0.1:{port}/a.csv",
    }
    for url, message in expected.items():
        with pytest.raises(UserError) as failed:
            house.load(url, TOPIC)
        assert message in str(failed.value)
        assert "secret" not in str(failed.value)
    with pytest.raises(UserError, match="there is no topic nonsense: choose from"):
        house.load(inbox, "nonsense")


def test_the_command_exits_with_1_for_a_broken_file_and_with_0_for_one_that_waits(
    house: House, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = house.settings()
    monkeypatch.setattr("ingest.files.commands.load_settings", lambda: settings)
    put(inbox, "a.jsonl", jsonl(event(1), b"no"))
    path = put(inbox, "b.jsonl.gz", b"\x1f\x8b")
    ran = CliRunner().invoke(app, ["load", "files", str(inbox), "--topic", TOPIC])
    assert ran.exit_code == 0
    assert ran.output.splitlines()[-1] == (
        "files: 1 loaded, 0 loaded before, 1 waiting, 0 broken; 1 rows, 1 rejected"
    )
    path.write_bytes(b"no gzip")
    ran = CliRunner().invoke(app, ["load", "files", str(inbox), "--topic", TOPIC])
    assert str(ran.exception) == "files that cannot be loaded: 1, see above"


def test_a_large_file_is_staged_chunk_by_chunk(
    house: House, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "CHUNK_BYTES", 10_000)
    sizes: list[int] = []
    real = stage_module.Stage.add

    def counted(self: Stage, rows: Any) -> Any:
        sizes.append(len(rows))
        return real(self, rows)

    monkeypatch.setattr(stage_module.Stage, "add", counted)
    put(inbox, "a.jsonl", jsonl(*(event(n) for n in range(500))))
    house.load(inbox, TOPIC)
    assert sum(sizes) == 500
    assert max(sizes) < 100
    assert house.read(ROWS) == [(500, 500)]

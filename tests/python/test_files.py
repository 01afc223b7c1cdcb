"""`coursehouse load files`: what every format becomes, and that each content is loaded once."""

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from event_house import House, age, event, jsonl, put

from ingest.events.contracts import MAX_RECORD_BYTES
from ingest.files.store import Store

TOPIC = "user.events"
ROWS = "select source_offset, payload from raw_events.user_events order by 1"
LETTERS = (
    "select m.file_name, d.source_offset, d.error_class, d.reason from raw_events.dead_letter as d"
    " join ops.file_manifest as m on m.file_id = d.source_partition order by 1, 2"
)
CSV_HEADER = "event_id,event_type,user_id,timestamp,properties.page,properties.duration_ms"


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path) -> House:
    return House(database(), tmp_path / "home")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def csv_of(*records: dict[str, Any], newline: str = "\n") -> bytes:
    lines = [CSV_HEADER]
    for r in records:
        properties = r["properties"]
        cells = [r["event_id"], r["event_type"], r["user_id"], r["timestamp"]]
        cells += [properties["page"], properties["duration_ms"]]
        lines.append(",".join(str(cell) for cell in cells))
    return (newline.join(lines) + newline).encode()


def parquet_of(*records: dict[str, Any]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(records)), sink)
    return bytes(sink.getvalue())


FORMATS: dict[str, Callable[..., bytes]] = {
    "a.jsonl": jsonl,
    "a.ndjson": jsonl,
    "lines.json": jsonl,
    "array.json": lambda *records: orjson.dumps(records),
    "indented.json": lambda *records: orjson.dumps(records, option=orjson.OPT_INDENT_2),
    "a.csv": csv_of,
    "a.tsv": lambda *records: csv_of(*records).replace(b",", b"\t"),
    "a.parquet": parquet_of,
}


@pytest.mark.parametrize("name", [*FORMATS, *(f"{n}.gz" for n in FORMATS if n != "a.parquet")])
def test_every_format_gives_the_same_rows(house: House, inbox: Path, name: str) -> None:
    events = [event(number, user_id=f"u{number}") for number in range(3)]
    content = FORMATS[name.removesuffix(".gz")](*events)
    put(inbox, name, gzip.compress(content) if name.endswith(".gz") else content)
    assert house.load(inbox, TOPIC).files == {"loaded": 1}
    assert [payload for _, payload in house.read(ROWS)] == events
    assert house.letters() == []


def test_a_row_carries_the_line_of_its_file_and_the_files_time(house: House, inbox: Path) -> None:
    path = put(inbox, "a.jsonl", jsonl(event(1), b"", event(2)))
    age(path, 86_400)
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    house.load(inbox, TOPIC)
    rows = house.read(
        "select lane, source_partition, source_offset, key, produced_at, _load_id, _loaded_at"
        " from raw_events.user_events order by source_offset"
    )
    ((file_id, load_id, loaded_at),) = house.read(
        "select file_id, load_id, loaded_at from ops.file_manifest"
    )
    assert rows == [("file", file_id, line, None, written, load_id, loaded_at) for line in (1, 3)]
    assert house.read("select load_id, source, rows_inserted from ops.load_manifest") == [
        (load_id, "files", 2)
    ]


def test_one_object_in_a_file_is_one_record(house: House, inbox: Path) -> None:
    put(inbox, "one.json", orjson.dumps(event(1), option=orjson.OPT_INDENT_2))
    put(inbox, "one_line.json", orjson.dumps(event(2)))
    assert house.load(inbox, TOPIC).accepted == 2


def test_the_topic_is_the_nearest_folder_of_that_name(house: House, inbox: Path) -> None:
    put(inbox, "user.events/date=2026-03-01/a.jsonl", jsonl(event(1)))
    put(inbox, "quiz/user.events/b.jsonl", jsonl(event(2)))
    assert house.load(inbox).accepted == 2
    assert house.load(inbox / "user.events").files == {"known": 1}
    assert house.load(inbox / "quiz/user.events/b.jsonl").files == {"known": 1}


def test_a_file_of_no_topic_is_said_and_the_others_are_loaded(house: House, inbox: Path) -> None:
    put(inbox, "a.jsonl", jsonl(event(1)))
    put(inbox, "user.events/b.jsonl", jsonl(event(2)))
    assert house.load(inbox).files == {"loaded": 1, "broken": 1}
    assert f"{inbox}/a.jsonl: cannot be loaded: of which topic?" in house.said[0]


def test_the_same_content_is_loaded_once_under_any_name(house: House, inbox: Path) -> None:
    put(inbox, "a.jsonl", jsonl(event(1)))
    house.load(inbox, TOPIC)
    put(inbox, "b.jsonl", jsonl(event(1)))
    before = house.state()
    assert house.load(inbox, TOPIC).files == {"known": 2}
    assert house.state() == before


def test_the_same_content_may_go_into_two_topics(house: House, inbox: Path) -> None:
    put(inbox, "a.jsonl", jsonl(event(1)))
    house.load(inbox, TOPIC)
    assert house.load(inbox, "quiz").files == {"loaded": 1}


def test_a_file_that_did_not_change_is_not_read_again(house: House, inbox: Path) -> None:
    path = put(inbox, "a.jsonl", jsonl(event(1)))
    house.load(inbox, TOPIC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "fetched", lambda *_: pytest.fail("it was read"))
        assert house.load(inbox, TOPIC).files == {"known": 1}
    path.write_bytes(jsonl(event(2)))
    assert house.load(inbox, TOPIC).files == {"loaded": 1}


def test_a_file_that_changed_is_loaded_as_a_new_one(house: House, inbox: Path) -> None:
    path = put(inbox, "a.jsonl", jsonl(event(1)))
    house.load(inbox, TOPIC)
    moment = path.stat().st_mtime_ns
    path.write_bytes(jsonl(event(2)))  # as long as before, and as if written at the same instant
    os.utime(path, ns=(moment, moment))
    assert house.load(inbox, TOPIC).files == {"loaded": 1}
    assert house.value("select count(distinct source_partition) from raw_events.user_events") == 2


def test_bad_rows_are_dead_letters_with_file_and_line(house: House, inbox: Path) -> None:
    path = put(
        inbox,
        "user.events/ü ☃.jsonl",
        jsonl(event(1), b"not json", event(2, event_type="scream"), b"\xff\xfe", event(3)),
    )
    result = house.load(inbox)
    assert (result.accepted, result.rejected) == (2, 3)
    name = f"file://{path}"
    assert [row[:3] for row in house.read(LETTERS)] == [
        (name, 2, "not_json"),
        (name, 3, "contract"),
        (name, 4, "not_utf8"),
    ]
    assert house.value("select reason from raw_events.dead_letter where error_class = 'contract'")
    assert "scream" not in str(house.read(LETTERS))
    assert house.value("select row_count from ops.file_manifest") == 5
    assert house.value("select rejected_count from ops.file_manifest") == 3


def test_rows_that_occur_twice_in_a_file_are_both_kept(house: House, inbox: Path) -> None:
    put(inbox, "a.jsonl", jsonl(event(1), event(1)))
    assert house.load(inbox, TOPIC).accepted == 2
    assert house.value("select count(distinct source_offset) from raw_events.user_events") == 2


def test_what_postgres_alone_refuses_becomes_a_dead_letter(house: House, inbox: Path) -> None:
    huge = orjson.dumps(event(2))[:-1] + b',"x":1e-200000}'  # JSON allows it, numeric does not
    put(inbox, "a.jsonl", jsonl(*(event(n) for n in range(20)), huge, event(21)))
    result = house.load(inbox, TOPIC)
    assert (result.accepted, result.rejected) == (21, 1)
    assert [row[1:3] for row in house.read(LETTERS)] == [(21, "unstorable")]


def test_cells_become_what_the_contract_declares(house: House, inbox: Path) -> None:
    put(
        inbox,
        "a.csv",
        f"{CSV_HEADER},properties.status_code,properties.course_id,extra.deep.x\n"
        f"{event(1)['event_id']},click,007,2026-03-01T10:00:00Z,,1.50,200,5,5\n".encode(),
    )
    house.load(inbox, TOPIC)
    text = house.value("select payload::text from raw_events.user_events")
    assert orjson.loads(text) == {
        "event_id": event(1)["event_id"],
        "event_type": "click",
        "user_id": "007",
        "timestamp": "2026-03-01T10:00:00Z",
        "properties": {"duration_ms": 1.5, "status_code": 200, "course_id": "5"},
        "extra": {"deep": {"x": "5"}},
    }
    assert "1.50" in text  # the digits it was written with


def test_arrays_booleans_and_nulls_can_be_written_in_cells(house: House, inbox: Path) -> None:
    items = '[{""product_id"":""p"",""quantity"":1,""unit_price"":9.90}]'
    put(
        inbox,
        "purchase/a.csv",
        b"event_id,user_id,session_id,items,total_amount,currency,ts\n"
        + f'1,,s,"{items}",9.90,EUR,2026-03-01T10:00:00Z\n'.encode(),
    )
    put(
        inbox,
        "quiz/a.csv",
        b"event_id,student_id,event_type,timestamp,course_id,metadata.is_correct\n"
        b"1,7,quiz_attempt,2026-03-01T10:00:00Z,,TRUE\n"
        b"2,7,quiz_attempt,2026-03-01T10:00:00Z,,\n"
        b"3,7,quiz_attempt,2026-03-01T10:00:00Z,,perhaps\n",
    )
    result = house.load(inbox)
    assert (result.accepted, result.rejected) == (3, 1)
    purchase = house.value("select payload from raw_events.purchase")
    assert (purchase["user_id"], purchase["items"][0]["unit_price"]) == (None, 9.9)
    answers = [row[0] for row in house.read("select payload from raw_events.quiz order by 1")]
    assert {answer["metadata"]["is_correct"] for answer in answers} == {True, None}
    assert not any("course_id" in answer for answer in answers)


def test_a_column_that_changes_its_type_rejects_only_the_rows_that_changed(
    house: House, inbox: Path
) -> None:
    odd = event(2, properties={"page": "/", "duration_ms": "a while"})
    put(inbox, "a.csv", csv_of(event(1), odd, event(3)))
    result = house.load(inbox, TOPIC)
    assert (result.accepted, result.rejected) == (2, 1)
    assert [row[1:3] for row in house.read(LETTERS)] == [(3, "contract")]


def test_windows_files_are_read_like_any_other(house: House, inbox: Path) -> None:
    events = [event(number, user_id=f"u{number}") for number in range(3)]
    bom = b"\xef\xbb\xbf"
    put(inbox, "a.csv", bom + csv_of(*events, newline="\r\n"))
    put(inbox, "b.jsonl", bom + jsonl(*events).replace(b"\n", b"\r\n"))
    put(inbox, "c.json", bom + orjson.dumps(events))
    assert house.load(inbox, TOPIC).rejected == 0
    by_file = house.read(
        "select jsonb_agg(payload order by source_offset) from raw_events.user_events"
        " group by source_partition"
    )
    assert by_file == [(events,)] * 3


def test_odd_csv_rows_are_dead_letters_by_the_line_they_begin_on(house: House, inbox: Path) -> None:
    row = csv_of(event(1)).splitlines()[1]
    lines = [
        CSV_HEADER.encode(),
        row.replace(b"/course/1", b'"two\nlines"'),  # 2 and 3
        row + b",one too many",  # 4
        b"too,few",  # 5
        row.replace(b"page_view", b"\xff"),  # 6
        row.replace(b"/course/1", b'"quoted" badly'),  # 7
        row,  # 8
        b"",  # 9
        row.replace(b"/course/1", b'"never closed'),  # 10
        row,
    ]
    put(inbox, "a.csv", b"\n".join(lines) + b"\n")
    assert house.load(inbox, TOPIC).files == {"loaded": 1}
    assert [row for row, _ in house.read(ROWS)] == [2, 8]
    assert [row[1:] for row in house.read(LETTERS)] == [
        (4, "not_csv", "7 cells, the header has 6"),
        (5, "not_csv", "2 cells, the header has 6"),
        (6, "not_utf8", "a cell of the row is not UTF-8"),
        (7, "not_csv", "',' expected after '\"'"),
        (10, "not_csv", "unexpected end of data"),
    ]
    assert house.value(
        "select payload from raw_events.dead_letter where source_offset = 6"
    ) == row.replace(b"page_view", b"\xff")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"event_id,,user_id", "column 2 of the header has no name"),
        (b"event_id,event_id", "the header names event_id twice"),
        (b"properties,properties.page", "the header names properties.page twice"),
        (b"event_id,\xff", "its header is not UTF-8"),
        ("event_id,user_id".encode("utf-16"), "it is UTF-16: write it as UTF-8"),
    ],
)
def test_a_csv_header_that_no_record_can_have_is_said(
    house: House, inbox: Path, header: bytes, reason: str
) -> None:
    path = put(inbox, "a.csv", header + b"\n1,2,3\n")
    assert house.load(inbox, TOPIC).files == {"broken": 1}
    assert house.said == [f"file://{path}: cannot be loaded: {reason}"]


def test_parquet_types_become_json(house: House, inbox: Path) -> None:
    at = datetime(2026, 3, 1, 10, tzinfo=UTC)
    frame = pd.DataFrame(
        {
            "event_id": [event(n)["event_id"] for n in range(2)],
            "event_type": ["click", "click"],
            "user_id": [1, 2],
            "timestamp": pd.to_datetime([at, at]),
            # pandas makes a float of a whole number that is missing somewhere
            "properties.status_code": [200, None],
            "properties.duration_ms": [1.5, float("nan")],
            "price": [Decimal("1.10"), None],
            "blob": [b"text", None],
            "flags": [[True, None], []],
        }
    )
    frame.to_parquet(inbox / "a.parquet")
    house.load(inbox, TOPIC)
    assert house.letters() == []
    first, second = (payload for _, payload in house.read(ROWS))
    assert first["timestamp"] == "2026-03-01T10:00:00+00:00"
    assert first["properties"] == {"status_code": 200, "duration_ms": 1.5}
    assert (first["price"], first["blob"], first["flags"]) == (1.1, "text", [True, None])
    assert "properties" not in second
    text = house.value("select payload->'properties'->>'status_code' from raw_events.user_events")
    assert text == "200"


def test_a_parquet_map_of_texts_is_read_by_the_contract(house: House, inbox: Path) -> None:
    """As a stream processor writes `properties map<string, string>`."""
    properties = pa.array(
        [[("page", "/"), ("duration_ms", "12.5"), ("note", "7")]], pa.map_(pa.string(), pa.string())
    )
    columns = {key: [value] for key, value in event(1).items() if key != "properties"}
    pq.write_table(pa.table(columns | {"properties": properties}), inbox / "a.parquet")
    house.load(inbox, TOPIC)
    ((_, payload),) = house.read(ROWS)
    assert payload["properties"] == {"page": "/", "duration_ms": 12.5, "note": "7"}


def test_a_line_of_many_megabytes_costs_no_memory_and_is_kept_in_part(
    house: House, inbox: Path
) -> None:
    size = 64 << 20
    with (inbox / "a.jsonl").open("wb") as file:
        file.write(jsonl(event(1)) + b'{"x":"')
        for _ in range(64):
            file.write(b"y" * (1 << 20))
        file.write(b'"}\n' + jsonl(event(2)))
    result = house.load(inbox, TOPIC)
    assert (result.accepted, result.rejected) == (2, 1)
    assert house.read(
        "select error_class, length(payload), reason from raw_events.dead_letter"
    ) == [
        (
            "too_large",
            MAX_RECORD_BYTES,
            f"{size + 9} bytes, {MAX_RECORD_BYTES} are allowed; only the first {MAX_RECORD_BYTES}"
            " are kept",
        )
    ]
    assert [line for line, _ in house.read(ROWS)] == [1, 3]


def test_a_csv_row_beyond_the_limit_is_a_dead_letter(house: House, inbox: Path) -> None:
    rows = csv_of(event(1), event(2), event(3)).splitlines()
    rows[2] = rows[2].replace(b"/course/2", b"x" * (2 << 20))
    put(inbox, "a.csv", b"\n".join(rows))
    result = house.load(inbox, TOPIC)
    assert (result.accepted, result.rejected) == (2, 1)
    assert [row[1:3] for row in house.read(LETTERS)] == [(3, "too_large")]


def test_empty_files_hold_no_rows(house: House, inbox: Path) -> None:
    put(inbox, "a.csv", b"")
    put(inbox, "b.csv", CSV_HEADER.encode())
    put(inbox, "c.json", b"[]")
    put(inbox, "d.jsonl.gz", gzip.compress(b""))
    assert house.load(inbox, TOPIC).files == {"loaded": 4}
    assert house.read(ROWS) == []


def test_a_folder_named_like_a_file_is_a_folder(house: House, inbox: Path) -> None:
    put(inbox, "x.csv/part.csv", csv_of(event(1)))
    assert house.load(inbox / "x.csv", TOPIC).accepted == 1


def test_files_that_are_none_of_ours_are_left_alone(house: House, inbox: Path) -> None:
    for name in ("README.txt", "a.jsonl.tmp", "a.csv.part", "_SUCCESS", "_old/a.csv", ".a.csv"):
        put(inbox, name, jsonl(event(1)))
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "dangling.csv").symlink_to(inbox / "nowhere")
    assert house.load(inbox, TOPIC).files == {"ignored": 6}
    assert house.said == []

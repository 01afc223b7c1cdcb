"""The collector over real HTTP into a real Postgres: what it answers, and what it keeps."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import plain_http
import psycopg
import pytest
from collector_process import (
    MOODLE_TOKEN,
    CollectorProcess,
    environment_of,
    page_view,
    read,
    stored,
)

from ingest.collector.keys import new_key
from ingest.events.contracts import contract_of
from ingest.warehouse.bootstrap import bootstrap

CHROME = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.6478.71 Mobile Safari/537.36"
)
Start = Callable[..., CollectorProcess]


@pytest.fixture(scope="module")
def dsn(new_database: Callable[[str], str]) -> str:
    address = new_database("collector")
    with psycopg.connect(address) as conn:
        bootstrap(conn)
    return address


@pytest.fixture
def start(dsn: str, free_port: Callable[[], int], tmp_path: Path) -> Iterator[Start]:
    """Starts a collector with settings of the test's own."""
    running: list[CollectorProcess] = []

    def begin(**options: str) -> CollectorProcess:
        home = tmp_path / str(len(running))
        home.mkdir()
        environment = environment_of(dsn, home, **options)
        running.append(CollectorProcess(free_port(), home, environment))
        return running[-1].start()

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def collector(
    dsn: str, free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CollectorProcess]:
    """One collector that every test with ordinary settings shares."""
    home = tmp_path_factory.mktemp("collector")
    options = {"trusted_proxies": "127.0.0.1,10.0.0.0/8", "access_log": "true", "rate": "100000"}
    running = CollectorProcess(free_port(), home, environment_of(dsn, home, **options))
    yield running.start()
    running.stop()


def rejections(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: list[dict[str, Any]] = answer.json()["rejected"]
    return found


def counted(dsn: str, table: str) -> int:
    return int(read(dsn, f"select count(*) from raw_events.{table}")[0][0])


# ---------- what is taken


def test_each_kind_of_tracker_record_lands_in_its_topic(
    collector: CollectorProcess, dsn: str
) -> None:
    kinds = {
        "page_view": "clickstream",
        "click": "clickstream",
        "submit_assignment": "clickstream",
        "session_start": "clickstream",
        "session_end": "clickstream",
        "quiz_attempt": "quiz",
        "video_play": "video",
        "video_end": "video",
    }
    sent = {kind: page_view(event_type=kind) for kind in kinds}
    answer = collector.post("/v1/track", {"events": list(sent.values())})
    assert (answer.status_code, answer.json()) == (202, {"accepted": len(kinds)})
    for kind, table in kinds.items():
        assert stored(dsn, sent[kind]["event_id"], table)["event_type"] == kind


def test_a_record_a_list_and_wrapped_events_are_taken_and_nothing_is_no_error(
    collector: CollectorProcess, dsn: str
) -> None:
    one, two, three = page_view(), page_view(), page_view(events=[1, 2])
    assert collector.track(one).json() == {"accepted": 1}
    assert collector.track(two, page_view()).json() == {"accepted": 2}
    assert collector.track(three).json() == {"accepted": 1}
    assert stored(dsn, three["event_id"])["events"] == [1, 2]
    assert collector.post("/v1/track", {"events": []}).json() == {"accepted": 0}
    assert collector.post("/v1/track", []).status_code == 202


def test_properties_no_contract_names_are_kept(collector: CollectorProcess, dsn: str) -> None:
    record = page_view(metadata={"colour": "blue", "n": [1.5, None, {"ü": "€"}]})
    collector.track(record)
    kept = stored(dsn, record["event_id"])
    kept.pop("collector")
    assert kept == record


def test_rows_say_lane_partition_offset_key_and_load(collector: CollectorProcess, dsn: str) -> None:
    records = [page_view(student_id="app-7", video_id=str(i)) for i in range(3)]
    collector.post("/v1/track/clickstream", records)
    ids = ",".join(f"'{record['event_id']}'" for record in records)
    rows = read(
        dsn,
        "select lane, source_partition, source_offset, key, produced_at is not null,"
        f" _load_id, payload->>'video_id' from raw_events.clickstream"
        f" where payload->>'event_id' in ({ids}) order by source_offset",
    )
    assert [row[:2] for row in rows] == [("http", 0)] * 3
    first = rows[0][2]
    assert [row[2] for row in rows] == [first, first + 1, first + 2]
    assert [row[3] for row in rows] == ["app-7"] * 3
    assert all(row[4] for row in rows)
    assert [row[6] for row in rows] == ["0", "1", "2"]
    manifest = read(dsn, "select max(load_id), sum(rows_inserted) from ops.load_manifest")
    assert manifest[0][0] >= rows[0][5]
    tables = ("clickstream", "quiz", "video", "clicks", "user_events", "moodle_webhooks")
    assert manifest[0][1] == sum(counted(dsn, table) for table in tables)


def test_an_hour_of_commits_is_one_row_of_the_manifest_that_moves_on(
    collector: CollectorProcess, dsn: str
) -> None:
    query = "select count(*), max(load_id) from ops.load_manifest where source = 'http'"
    collector.track(page_view())
    ((rows, newest),) = read(dsn, query)
    for _ in range(3):
        collector.track(page_view())
    ((rows_after, newest_after),) = read(dsn, query)
    assert rows_after - rows <= 1  # the hour may have ended meanwhile
    assert newest_after == newest + 3
    assert read(dsn, "select max(_load_id) from raw_events.clickstream") == [(newest_after,)]
    # and names every table that got something, which freshness asks for
    collector.track({**page_view(), "event_type": "video_play"})
    named = "select max(tables::text) from ops.load_manifest where tables ? 'video'"
    assert "clickstream" in read(dsn, named)[0][0]


def test_public_topics_have_an_address_of_their_own_and_private_ones_have_none(
    collector: CollectorProcess, dsn: str
) -> None:
    click = {
        "event_id": "c1",
        "user_id": None,
        "session_id": "s1",
        "product_id": "p1",
        "ts": "2026-01-02T03:04:05Z",
        "page": "/p1",
        "referrer": None,
    }
    assert collector.post("/v1/track/clicks", click).status_code == 202
    assert stored(dsn, "c1", "clicks")["collector"]["client"] == "web"
    for topic in ("purchase", "proctoring.violations", "moodle.webhooks", "nonsense"):
        assert collector.post(f"/v1/track/{topic}", click).status_code == 404


def test_gzip_bodies_are_taken(collector: CollectorProcess, dsn: str) -> None:
    record = page_view()
    body = gzip.compress(json.dumps(record).encode())
    answer = collector.post("/v1/track", body, content_encoding="gzip")
    assert answer.status_code == 202
    stored(dsn, record["event_id"])


def test_chunked_bodies_are_taken(collector: CollectorProcess, dsn: str) -> None:
    record = page_view()
    body = json.dumps(record).encode()
    with collector.client(**{"content-type": "application/json"}) as client:
        assert client.post("/v1/track", content=iter([body[:9], body[9:]])).status_code == 202
    stored(dsn, record["event_id"])


# ---------- what breaks its contract


def test_rejected_records_are_dead_letters_with_a_reason_and_the_others_are_kept(
    collector: CollectorProcess, dsn: str
) -> None:
    good, before = page_view(), counted(dsn, "dead_letter")
    answer = collector.track(
        good,
        page_view(student_id="", secret="hunter2", timestamp="hunter2"),
        page_view(event_type="quiz_hunter2"),
        {"nothing": "hunter2"},
        17,
    )
    found = rejections(answer)
    assert [one["index"] for one in found] == [1, 2, 3, 4]
    assert [one["topic"] for one in found] == ["clickstream", "quiz", "clickstream", "clickstream"]
    assert {one["error_class"] for one in found} == {"contract"}
    assert "student_id" in found[0]["reason"] and "timestamp" in found[0]["reason"]
    assert "event_type" in found[1]["reason"]
    assert "event_id" in found[2]["reason"]
    assert "hunter2" not in answer.text
    assert answer.json()["accepted"] == 1
    stored(dsn, good["event_id"])
    rows = read(
        dsn,
        "select topic, lane, reason, payload, contract_version from raw_events.dead_letter"
        " order by dead_letter_id desc limit 4",
    )[::-1]
    assert counted(dsn, "dead_letter") == before + 4
    found.sort(key=lambda one: one["topic"] == "quiz")  # numbered topic by topic
    assert [row[0] for row in rows] == [one["topic"] for one in found]
    assert [row[2] for row in rows] == [one["reason"] for one in found]
    assert all(row[1] == "http" and row[4] == contract_of(row[0]).version for row in rows)
    assert json.loads(rows[0][3])["secret"] == "hunter2"  # kept as it came, for the replay
    assert rows[2][3] == b"17"


@pytest.mark.parametrize("depth", [0, 200])
def test_a_text_with_nul_is_unstorable(collector: CollectorProcess, depth: int) -> None:
    value: Any = "a\0b"
    for _ in range(depth):
        value = [value]
    (found,) = rejections(collector.track(page_view(metadata={"x": value})))
    assert found["error_class"] == "unstorable"


def test_a_record_that_grows_beyond_what_kafka_carries_is_too_large(
    collector: CollectorProcess,
) -> None:
    numbers = "1e15," * 150_000  # written out, three times as long
    text = json.dumps(page_view(metadata={"x": [0]})).replace("[0]", f"[{numbers}1]")
    (found,) = rejections(collector.post("/v1/track", text.encode()))
    assert found["error_class"] == "too_large"


# ---------- what is no record


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is not JSON"),
        (b'{"event_id": 1', "is not JSON"),
        (b"NaN", "is not JSON"),
        (b'"\\ud800"', "is not JSON"),
        (b'{"event_id": "\xff"}', "byte 14 is not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "is not JSON"),
        (b'[{"a":' + b"[" * 500 + b"]" * 500 + b"}]", "nested too deeply"),
    ],
)
def test_what_is_no_json_is_a_bad_request(
    collector: CollectorProcess, body: bytes, said: str
) -> None:
    answer = collector.post("/v1/track", body)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_of_a_property_sent_twice_the_last_counts_for_check_and_store(
    collector: CollectorProcess, dsn: str
) -> None:
    text = json.dumps(page_view(event_id="twice")).replace("{", '{"student_id": {"a": 1}, ', 1)
    assert collector.post("/v1/track", text.encode()).status_code == 202
    assert stored(dsn, "twice")["student_id"] == 4711


def test_a_megabyte_is_taken_and_a_byte_more_is_not(collector: CollectorProcess, dsn: str) -> None:
    empty = len(json.dumps(page_view(metadata={"x": ""})))
    record = page_view(metadata={"x": "y" * (1_000_000 - empty)})
    body = json.dumps(record).encode()
    assert len(body) == 1_000_000
    assert collector.post("/v1/track", body).status_code == 202
    assert len(stored(dsn, record["event_id"])["metadata"]["x"]) == 1_000_000 - empty
    assert collector.post("/v1/track", body + b" ").status_code == 413
    with collector.client(**{"content-type": "application/json"}) as client:
        chunks = iter([body, b" "])  # without a length that says so
        assert client.post("/v1/track", content=chunks).status_code == 413


def test_a_small_gzip_body_that_unpacks_to_much_is_too_large(collector: CollectorProcess) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    assert len(bomb) < 1_000_000
    assert collector.post("/v1/track", bomb, content_encoding="gzip").status_code == 413


@pytest.mark.parametrize("spoil", [lambda b: b[:-4], lambda b: b + b"x", lambda b: b"x" + b])
def test_a_broken_gzip_body_is_a_bad_request(
    collector: CollectorProcess, spoil: Callable[[bytes], bytes]
) -> None:
    body = spoil(gzip.compress(json.dumps(page_view()).encode()))
    assert collector.post("/v1/track", body, content_encoding="gzip").status_code == 400


def test_a_batch_is_bounded(collector: CollectorProcess) -> None:
    assert collector.track(*[page_view()] * 500).status_code == 202
    assert collector.track(*[page_view()] * 501).status_code == 413


def test_only_json_as_it_is_or_gzipped_is_a_media_type(collector: CollectorProcess) -> None:
    body = json.dumps(page_view()).encode()
    for headers in ({"content_type": "text/plain"}, {"content_encoding": "br"}):
        assert collector.post("/v1/track", body, **headers).status_code == 415
    accepted = collector.post("/v1/track", body, content_type="application/json; charset=utf-8")
    assert accepted.status_code == 202


def test_unknown_paths_and_methods_are_problems_too(collector: CollectorProcess) -> None:
    with collector.client() as client:
        missing, wrong = client.get("/nothing"), client.get("/v1/track")
    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert wrong.headers["allow"] == "POST"
    for answer in (missing, wrong):
        assert answer.headers["content-type"] == "application/problem+json"


# ---------- who may send, and how much


def test_only_who_has_a_key_may_send(collector: CollectorProcess) -> None:
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"x-write-key": "nonsense"}):
        answer = plain_http.post(f"{collector.url}/v1/track", json=page_view(), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    by_header = {"x-write-key": collector.key}
    answer = plain_http.post(f"{collector.url}/v1/track", json=page_view(), headers=by_header)
    assert answer.status_code == 202


def test_keys_may_be_added_and_taken_away_while_it_runs(start: Start) -> None:
    collector = start()
    file = collector.home / "collect_keys.json"
    whole = file.read_text()
    for text, status in ((whole, 202), ("{}", 401), (whole, 202), ("{half", 202)):
        file.write_text(text)
        time.sleep(1.1)
        assert collector.track(page_view()).status_code == status
    assert "the keys stay as they were" in collector.log


def test_a_key_that_sends_too_much_waits_and_others_do_not(start: Start) -> None:
    collector = start(rate="10", max_batch="50")
    other = new_key(collector.home / "collect_keys.json", "other")
    time.sleep(1.1)
    assert collector.track(*[page_view()] * 50).status_code == 202
    assert collector.track(*[page_view()] * 50).status_code in (202, 429)
    answer = collector.track(*[page_view()] * 50)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 6
    collector.key = other
    assert collector.track(page_view()).status_code == 202


def test_other_origins_are_answered_only_if_they_are_named(start: Start) -> None:
    headers = {
        "origin": "https://school.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-write-key",
    }
    allow = "access-control-allow-origin"
    closed, opened = start(), start(cors_origins="https://school.example")
    assert httpx.options(f"{closed.url}/v1/track", headers=headers).status_code == 405
    assert allow not in closed.track(page_view(), origin="https://school.example").headers
    preflight = httpx.options(f"{opened.url}/v1/track", headers=headers)
    assert preflight.status_code == 200
    assert preflight.headers[allow] == "https://school.example"
    other = {**headers, "origin": "https://else.example"}
    assert httpx.options(f"{opened.url}/v1/track", headers=other).status_code == 400


# ---------- at the edge


def test_address_and_user_agent_are_reduced(collector: CollectorProcess, dsn: str) -> None:
    record = page_view()
    collector.track(record, user_agent=CHROME, x_forwarded_for="203.0.113.77")
    added = stored(dsn, record["event_id"])["collector"]
    assert added.pop("received_at").startswith("20")
    assert added == {
        "ip_network": "203.0.113.0/24",
        "device_class": "mobile",
        "browser": "Chrome Mobile",
        "os": "Android",
        "client": "web",
    }


def test_what_a_client_says_of_the_edge_is_overwritten(
    collector: CollectorProcess, dsn: str
) -> None:
    record = page_view(collector={"ip_network": "198.51.100.0/24", "client": "boss", "x": 1})
    collector.track(record, x_forwarded_for="203.0.113.77")
    added = stored(dsn, record["event_id"])["collector"]
    assert (added["ip_network"], added["client"]) == ("203.0.113.0/24", "web")
    assert "x" not in added


def test_only_trusted_proxies_say_where_a_request_comes_from(
    collector: CollectorProcess, start: Start, dsn: str
) -> None:
    def network(of: CollectorProcess, forwarded: str) -> str:
        record = page_view()
        of.track(record, x_forwarded_for=forwarded)
        return str(stored(dsn, record["event_id"])["collector"]["ip_network"])

    assert network(collector, "198.51.100.1, 203.0.113.77, 10.1.2.3") == "203.0.113.0/24"
    assert network(collector, "2001:db8:1234:5678::1") == "2001:db8:1234::/48"
    assert network(collector, "nonsense") == "None"
    assert network(start(), "203.0.113.77") == "127.0.0.0/24"


def test_no_address_and_no_user_agent_is_kept_anywhere(
    collector: CollectorProcess, dsn: str
) -> None:
    agent = CHROME + " Marker/9.87"
    for record in (page_view(), page_view(student_id=None)):
        collector.track(record, user_agent=agent, x_forwarded_for="203.0.113.99")
    collector.post(
        "/webhooks/moodle",
        {"eventname": "x", "timecreated": 1, "ip": "203.0.113.99"},
        authorization=f"Bearer {MOODLE_TOKEN}",
    )
    with psycopg.connect(dsn) as conn:
        tables = conn.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname in ('raw_events', 'ops')"
        ).fetchall()
        text = ""
        for (table,) in tables:
            with conn.cursor().copy(f"copy (select t.*, t::text from {table} as t) to stdout") as c:
                text += b"".join(bytes(part) for part in c).decode()
        letters = conn.execute("select payload from raw_events.dead_letter").fetchall()
    text += b"".join(payload for (payload,) in letters).decode() + collector.log
    assert "203.0.113.0/24" in text
    for trace in ("203.0.113.99", "Marker", "Pixel 8", "126.0"):
        assert trace not in text


def test_the_log_names_no_path_query_or_body(collector: CollectorProcess) -> None:
    answer = collector.post("/v1/track/jane.doe?who=jane.doe", page_view(student_id="jane.doe"))
    assert " track_topic 404 " in collector.log_line(answer)
    assert "jane" not in collector.log


# ---------- Moodle


def event(**changed: Any) -> dict[str, Any]:
    return {
        "eventname": "\\core\\event\\course_viewed",
        "timecreated": 1_760_000_000,
        "userid": 12,
        "courseid": 3,
        "ip": "203.0.113.5",
        **changed,
    }


def test_moodle_sends_one_event_or_many_with_the_shared_token(
    collector: CollectorProcess, dsn: str
) -> None:
    before = counted(dsn, "moodle_webhooks")
    token = {"authorization": f"Bearer {MOODLE_TOKEN}"}
    assert collector.post("/webhooks/moodle", event(), **token).json() == {"accepted": 1}
    two = [event(other={"a": 1}), event(ip=None)]
    assert collector.post("/webhooks/moodle", two, **token).json() == {"accepted": 2}
    in_body = event(token=MOODLE_TOKEN)
    answer = plain_http.post(f"{collector.url}/webhooks/moodle", json=in_body)
    assert answer.json() == {"accepted": 1}
    rows = read(
        dsn,
        "select key, payload from raw_events.moodle_webhooks order by source_offset desc limit 4",
    )[::-1]
    assert counted(dsn, "moodle_webhooks") == before + 4
    assert {row[0] for row in rows} == {"12"}
    assert [row[1]["ip"] for row in rows] == [
        "203.0.113.0/24",
        "203.0.113.0/24",
        None,
        "203.0.113.0/24",
    ]
    assert rows[1][1]["other"] == {"a": 1}
    assert all("token" not in row[1] and "collector" not in row[1] for row in rows)


def test_moodle_without_the_right_token_is_refused(
    collector: CollectorProcess, start: Start
) -> None:
    url = f"{collector.url}/webhooks/moodle"
    for body, headers in (
        (event(), {}),
        (event(token="wrong"), {}),
        (event(token={"a": 1}), {}),
        (event(token=MOODLE_TOKEN), {"authorization": "Bearer wrong"}),
        (event(), {"authorization": f"Bearer {collector.key}"}),
        ([event()], {}),
    ):
        assert plain_http.post(url, json=body, headers=headers).status_code == 401
    raw = plain_http.post(url, json=event(), headers=[(b"authorization", b"Bearer wr\xf6ng")])
    assert raw.status_code == 401


def test_moodle_events_that_break_their_contract_are_dead_letters(
    collector: CollectorProcess,
) -> None:
    answer = collector.post(
        "/webhooks/moodle",
        [event(), event(timecreated="yesterday")],
        authorization=f"Bearer {MOODLE_TOKEN}",
    )
    (found,) = rejections(answer)
    assert (found["index"], found["topic"]) == (1, "moodle.webhooks")
    assert "timecreated" in found["reason"]


# ---------- running it


def test_health_metrics_and_request_ids(collector: CollectorProcess) -> None:
    with collector.client() as client:
        health = client.get("/healthz")
        first, second = client.post("/v1/track", json=page_view()), client.get("/metrics")
    assert (health.status_code, health.json()) == (200, {"status": "ok", "sink": "postgres"})
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    lines = second.text.splitlines()
    assert any('requests_total{endpoint="track",status="202"}' in line for line in lines)
    assert any('records_accepted_total{topic="clickstream"}' in line for line in lines)
    assert any("ack_seconds_bucket" in line for line in lines)
    assert "coursehouse_collector_backlog_bytes 0.0" in lines


def test_many_clients_at_once_lose_nothing(collector: CollectorProcess, dsn: str) -> None:
    def send(number: int) -> list[str]:
        ids = []
        with collector.client() as client:
            for _ in range(20):
                records = [page_view(student_id=number + 1), page_view(event_type="video_play")]
                assert client.post("/v1/track", json=records).status_code == 202
                ids += [record["event_id"] for record in records]
        return ids

    with ThreadPoolExecutor(16) as pool:
        sent = sorted(id_ for ids in pool.map(send, range(16)) for id_ in ids)
    wanted = ",".join(f"'{id_}'" for id_ in sent)
    query = " union all ".join(
        f"select payload->>'event_id', source_offset from raw_events.{table}"
        f" where payload->>'event_id' in ({wanted})"
        for table in ("clickstream", "video")
    )
    assert sorted(id_ for id_, _ in read(dsn, query)) == sent
    for table in ("clickstream", "video"):
        offsets = read(dsn, f"select count(*), max(source_offset) + 1 from raw_events.{table}")
        dead = read(dsn, f"select count(*) from raw_events.dead_letter where topic = '{table}'")
        assert offsets[0][0] + dead[0][0] == offsets[0][1]  # no number twice, none left out


def test_a_body_that_never_ends_holds_up_nobody(collector: CollectorProcess) -> None:
    with socket.create_connection(("127.0.0.1", collector.port)) as slow:
        slow.sendall(
            b"POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"x-write-key: " + collector.key.encode() + b"\r\ncontent-length: 100\r\n\r\n{"
        )
        assert collector.track(page_view()).status_code == 202
        assert slow.recv(65_536).startswith(b"HTTP/1.1 408 ")

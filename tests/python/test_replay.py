"""`coursehouse replay`: dead letters come back once their contract lets them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from children import Trap, run_killed
from event_house import House, event, jsonl, kafka_records, put
from typer.testing import CliRunner

from ingest.archive import replay as replay_module
from ingest.archive.replay import replay
from ingest.cli import app
from ingest.events import contracts, raw
from ingest.events.contracts import Contract, contract_in
from ingest.events.stage import Stage
from ingest.events.topics import topics

TOPIC = "user.events"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPEN = "select count(*) from raw_events.dead_letter where replayed_at is null"


@contextmanager
def fixed_contract() -> Iterator[None]:
    """user.events from now on knows the event type `scream`."""
    read = contracts.read_schema

    def amended(name: str) -> dict[str, Any]:
        schema = read(name)
        if name == "user.events.json":
            schema["version"] = "1.1.0"
            schema["properties"]["event_type"]["enum"].append("scream")
        return schema

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "read_schema", amended)
        amended_contract = Contract("user.events.json")
        real = contract_in

        def chosen(file: str) -> Contract:
            return amended_contract if file == "user.events.json" else real(file)

        patch.setattr(raw, "contract_in", chosen)
        patch.setattr(replay_module, "contract_of", lambda topic: chosen(topics()[topic].contract))
        yield


@pytest.fixture
def house(database: Callable[[], str], tmp_path: Path) -> House:
    """54 rows; 6 letters that the amended contract accepts and one that nobody ever will."""
    house = House(database(), tmp_path / "home")
    house.arrive(TOPIC, kafka_records(0, 60), MONDAY)
    house.arrive(TOPIC, [raw.Record(1, 0, b"k", b"not json", None)], MONDAY)
    return house


def test_letters_that_pass_today_are_appended_as_arrivals_of_today(house: House) -> None:
    letters = house.letters()
    with fixed_contract():
        result = house.replay()
    assert (result.accepted, result.refused) == (6, 1)
    rows = house.read(
        "select lane, source_partition, source_offset, key, payload, produced_at,"
        " _loaded_at > now() - interval '1 hour'"
        " from raw_events.user_events where _load_id = 3 order by source_offset"
    )
    assert rows == [
        ("kafka", 0, n, f"key {n}", event(n, event_type="scream"), letter[6], True)
        for n, letter in zip(range(0, 60, 10), letters, strict=False)
    ]
    assert house.read("select source, rows_inserted from ops.load_manifest where load_id = 3") == [
        ("replay", 6)
    ]
    assert (
        house.value(
            "select count(*) from raw_events.dead_letter"
            " where replayed_at is not null and attempts = 2"
        )
        == 6
    )


def test_letters_that_still_fail_say_why_today_and_stay_open(house: House) -> None:
    assert house.replay().refused == 7
    assert house.replay().refused == 7
    assert house.read("select distinct attempts from raw_events.dead_letter") == [(3,)]
    assert house.value(OPEN) == 7
    assert house.value("select max(load_id) from ops.load_manifest") == 2  # nothing was published
    with fixed_contract():
        house.replay()
    assert house.read(
        "select error_class, attempts, contract_version, replayed_at is null"
        " from raw_events.dead_letter where source_partition = 1"
    ) == [("not_json", 4, "1.1.0", True)]


def test_a_second_replay_finds_nothing_to_do(house: House) -> None:
    with fixed_contract():
        house.replay()
        before = house.content()
        assert house.replay().accepted == 0
    assert house.content() == before
    assert len(before) == 60


def test_topics_and_error_classes_are_chosen(house: House) -> None:
    with fixed_contract():
        assert house.replay("quiz").accepted == 0
        assert house.replay(error_class="not_json").refused == 1
        assert house.value(OPEN) == 7
        assert house.replay(TOPIC, error_class="contract").accepted == 6


STAGES = {
    "after a batch was checked": Trap(Stage, "add", 2),
    "under the lock": Trap(replay_module, "next_load_id", 2),
    "after the rows": Trap(Stage, "publish", 2),
    "before the commit": Trap(replay_module, "record_load", 2),
    "between two batches": Trap(replay_module, "_replay_batch", 2),
}


def replay_in_batches(house: House) -> None:
    replay_module.BATCH_ROWS = 2
    with fixed_contract():
        house.replay()


@pytest.mark.parametrize("moment", STAGES)
def test_a_replay_killed(house: House, moment: str) -> None:
    """... in its second batch keeps the first; the next one does the rest, each letter once."""
    run_killed(STAGES[moment], replay_in_batches, house)
    with fixed_contract():
        assert len(house.content()) == 56
        assert house.value(OPEN) == 5
        assert house.replay().accepted == 4
    offsets = [row[2] for row in house.content()]
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 60
    assert house.value(OPEN) == 1


def test_two_replays_at_once_bring_each_letter_back_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.arrive(TOPIC, kafka_records(60, 2_000), MONDAY)
    monkeypatch.setattr(replay_module, "BATCH_ROWS", 10)
    with fixed_contract(), ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: replay(house.settings(), lambda _: None), range(2)))
    assert sum(result.accepted for result in results) == 206
    assert house.value(
        "select count(*) = count(distinct source_offset) from raw_events.user_events"
    )
    assert len(house.content()) == 2_060
    assert house.value(OPEN) == 1


def test_what_postgres_refuses_stays_a_dead_letter(house: House) -> None:
    odd = orjson.dumps(event(70, event_type="scream"))[:-1] + b',"x":1e-200000}'
    house.arrive(TOPIC, [raw.Record(2, 0, None, odd, None)], MONDAY)
    with fixed_contract():
        result = house.replay()
    assert (result.accepted, result.refused) == (6, 2)
    assert (
        house.value("select error_class from raw_events.dead_letter where source_partition = 2")
        == "unstorable"
    )


def test_rows_of_files_keep_file_and_line(house: House, tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jsonl", jsonl(event(1), event(2, event_type="scream")))
    house.load(tmp_path / "in", TOPIC)
    with fixed_contract():
        house.replay()
    assert house.read(
        "select source_offset, payload->>'event_type' from raw_events.user_events"
        " where lane = 'file' order by 1"
    ) == [(1, "page_view"), (2, "scream")]


def test_a_letter_that_was_replayed_is_not_replayed_again_after_a_backfill(house: House) -> None:
    house.archive()
    with fixed_contract():
        house.replay()
        house.archive()
        rows, letters = house.content(), house.letters()
        house.run("truncate raw_events.user_events", "truncate raw_events.dead_letter")
        house.backfill(MONDAY.date(), datetime.now(UTC).date() + timedelta(days=1))
        assert (house.content(), house.letters()) == (rows, letters)
        assert house.value(OPEN) == 1
        assert house.replay().accepted == 0


def test_the_command_says_what_it_did(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house.settings()
    monkeypatch.setattr("ingest.archive.commands.load_settings", lambda: settings)
    with fixed_contract():
        ran = CliRunner().invoke(app, ["replay", "--topics", TOPIC])
    assert ran.output.splitlines() == [
        "user.events: 6 accepted, 1 refused",
        "replay: 6 accepted, 1 refused again",
    ]

"""The marts of the event lane against the simulator's truth and against pandas.

A stream with late, repeated, broken and misdated records arrives in three loads with a build after
each. The truth is counted by the simulator's own receiver; what it does not count is computed here
from the same stream, in pandas, without the warehouse's SQL.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pandas as pd
import psycopg
import pytest
from event_streams import load_messages
from warehouse_fixtures import Warehouse, failures

from ingest.build import NO_TESTS
from ingest.simulate.noise import Message
from ingest.simulate.plan import Plan
from ingest.simulate.received import Received, Seen
from ingest.simulate.truth_learning import LEARNING, union_length
from ingest.simulate.world import simulate, truth

PLAN = Plan(
    seed=7,
    events=12_000,
    days=4,
    late_share=0.02,
    duplicate_share=0.03,
    out_of_order_share=0.05,
    malformed_share=0.02,
    skew_share=0.02,
)
LOADS = 3
# a view shows what arrives without being built again
TABLES = [f"source:events+,config.materialized:{kind}" for kind in ("table", "incremental")]
FOLLOWING = ("--select", *TABLES, "source:events+,resource_type:snapshot")


@pytest.fixture(scope="module")
def stream() -> list[Message]:
    return list(simulate(PLAN))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return truth(PLAN)


@pytest.fixture(scope="module")
def received(stream: list[Message]) -> Received:
    return Received((sent.topic, sent.value, sent.produced_at) for sent in stream)


@pytest.fixture(scope="module")
def house(stream: list[Message], new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """A warehouse that got the stream in several loads, built after each."""
    warehouse = new_warehouse("event_marts")
    size = -(-len(stream) // LOADS)
    with warehouse.connect() as conn:
        for first in range(0, len(stream), size):
            batch = stream[first : first + size]
            load_messages(conn, batch, loaded_at=batch[-1].produced_at)
            conn.execute("analyze")
            warehouse.run("build", *(FOLLOWING if first else ()), *NO_TESTS)
    return warehouse


@pytest.fixture(scope="module")
def marts(house: Warehouse) -> Iterator[psycopg.Connection]:
    with house.connect() as conn:
        yield conn


@pytest.mark.thorough  # in the demo they run on another stream
def test_every_data_test_passes_on_the_stream(house: Warehouse) -> None:
    # of one visit a clock was nearly a day behind, which is less than "misdated"
    told = failures(house.dbt("test", "--select", "source:events+,test_type:data"))
    assert [line.split(":")[0] for line in told] == ["nobody_attends_longer_than_a_day"]


def rows(conn: psycopg.Connection, query: str) -> list[list[Any]]:
    return [list(row) for row in conn.execute(query).fetchall()]


PEOPLE = (
    "(select student_hash, source_system || ':' || source_user_id as person from vault.pseudonyms)"
    " as people"
)
ISO = """'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"'"""


def test_every_record_is_accounted_for(marts: psycopg.Connection, expected: dict[str, Any]) -> None:
    kept = dict(
        rows(marts, "select topic, count(*) from intermediate.int_events__arrivals group by 1")
    )
    events = dict(
        rows(
            marts,
            "select topic, count(*) from marts_learning.fact_learning_event"
            " where topic is not null group by 1",
        )
    )
    misdated = dict(
        rows(
            marts,
            "select topic, count(*) from marts_learning.fact_learning_event"
            " where is_misdated and topic is not null group by 1",
        )
    )
    refused = dict(
        rows(marts, "select topic, count(*) from staging.stg_events__dead_letter group by 1")
    )
    for topic in LEARNING:
        tally = expected["topics"][topic]
        assert kept[topic] == tally["accepted"]
        assert events[topic] == tally["events"] == tally["accepted"] - tally["duplicates"]
        assert misdated.get(topic, 0) == tally["misdated"]
        assert refused.get(topic, 0) == sum(tally["rejected"].values())
    assert expected["stream"]["duplicates"] > 100
    assert expected["stream"]["misdated"] > 0


def test_late_records_are_counted_by_topic(
    marts: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = rows(
        marts,
        "select topic, sum(records_count), sum(misdated_count)"
        " from marts_engagement.fact_late_arrivals group by 1",
    )
    counted = {topic: (int(records), int(misdated)) for topic, records, misdated in found}
    for topic in LEARNING:
        assert counted[topic][0] == expected["topics"][topic]["accepted"]
        assert counted[topic][1] >= expected["topics"][topic]["misdated"]


def test_sessions_are_those_of_the_stream(marts: psycopg.Connection, received: Received) -> None:
    """All sources are one stream: Moodle's own events are added to the simulated ones."""
    events = pd.DataFrame(
        [(event.person, event.at) for event in received.of(*LEARNING)], columns=["person", "at"]
    )
    logged = rows(
        marts,
        "select people.person, ts from marts_learning.fact_learning_event"
        f" inner join {PEOPLE} using (student_hash) where topic is null and is_session_event",
    )
    events = pd.concat([events, pd.DataFrame(logged, columns=["person", "at"])])
    events["at"] = pd.to_datetime(events["at"], utc=True)
    events = events.sort_values(["person", "at"], kind="stable").reset_index(drop=True)
    gap = events.groupby("person")["at"].diff()
    events["session"] = (~(gap <= pd.Timedelta(minutes=30))).cumsum()
    whole = gap.dt.total_seconds().fillna(0) // 1
    events["dwell"] = whole.where(gap <= pd.Timedelta(minutes=30), 0).clip(upper=600)
    computed = events.groupby(["person", "session"]).agg(
        start=("at", "min"), end=("at", "max"), count=("at", "size"), dwell=("dwell", "sum")
    )
    computed = computed.reset_index().sort_values(["person", "start"])
    found = rows(
        marts,
        "select person, session_start, session_end, events_count, engaged_seconds"
        f" from marts_learning.fact_session inner join {PEOPLE} using (student_hash)"
        ' where not is_login_as order by person collate "C", session_start',
    )
    computed["dwell"] = computed["dwell"].astype(int)
    wanted = computed[["person", "start", "end", "count", "dwell"]].values.tolist()
    theirs = {(row[0], row[1]) for row in found}
    assert [row for row in wanted if (row[0], row[1]) in theirs] == found
    in_disguise = rows(marts, "select count(*) from marts_learning.fact_session where is_login_as")
    assert len(wanted) == len(found) + in_disguise[0][0]


def test_sessions_of_people_moodle_does_not_know_are_the_truths(
    marts: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = rows(
        marts,
        f"select person, to_char(session_start at time zone 'UTC', {ISO}),"
        f" to_char(session_end at time zone 'UTC', {ISO}), events_count, engaged_seconds"
        f" from marts_engagement.sessions inner join {PEOPLE} using (student_hash)"
        " where session_kind = 'learning' and person like 'app:%'"
        ' order by person collate "C", session_start',
    )
    wanted = [row for row in expected["learning"]["sessions"] if row[0].startswith("app:")]
    assert found == wanted
    assert len(wanted) > 50


def test_page_views_fall_into_their_windows_and_hours(
    marts: psycopg.Connection, expected: dict[str, Any]
) -> None:
    windows = rows(
        marts,
        f"select to_char(window_start at time zone 'UTC', {ISO}), page, view_count"
        " from marts_engagement.page_view_window_5m"
        ' order by window_start, page collate "C"',
    )
    hours = rows(
        marts,
        "select date::text, hour, page, view_count from marts_engagement.page_view_stats"
        ' order by date, hour, page collate "C"',
    )
    assert windows == expected["learning"]["page_view_window_5m"]
    assert hours == expected["learning"]["page_view_stats"]


def test_hours_count_visits_and_durations(
    marts: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = rows(
        marts,
        f"select to_char(hour at time zone 'UTC', {ISO}), person, sessions, avg_duration::float8"
        f" from marts_engagement.user_session_hourly inner join {PEOPLE} using (student_hash)"
        ' order by hour, person collate "C"',
    )
    wanted = expected["learning"]["user_session_hourly"]
    assert [row[:3] for row in found] == [row[:3] for row in wanted]
    for row, other in zip(found, wanted, strict=True):
        assert row[3] == (None if other[3] is None else pytest.approx(other[3], abs=1e-5))


def test_engagement_is_scored_as_documented(
    marts: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = rows(
        marts,
        "select person, date::text, total_events, unique_pages, clicks, engagement_score::float8"
        f" from marts_engagement.user_engagement inner join {PEOPLE} using (student_hash)"
        ' order by person collate "C", date',
    )
    assert found == expected["learning"]["user_engagement"]


def test_engagement_knows_the_sessions_of_the_day(marts: psycopg.Connection) -> None:
    """Against the session mart, which counts them another way."""
    differing = rows(
        marts,
        "with days as ("
        " select student_hash, to_date(date_key::text, 'YYYYMMDD') as date, count(*) as sessions,"
        "  sum(engaged_seconds) as seconds"
        " from marts_learning.fact_session group by 1, 2)"
        " select e.* from marts_engagement.user_engagement as e"
        " left join days using (student_hash, date)"
        " where e.session_count <> coalesce(days.sessions, 0)"
        " or e.total_time_minutes <> round(coalesce(days.seconds, 0) / 60.0, 2)",
    )
    assert differing == []


def test_percentiles_rank_within_day_and_course(marts: psycopg.Connection) -> None:
    found = pd.DataFrame(
        rows(
            marts,
            "select date, coalesce(course_id, 0), engagement_score::float8,"
            " engagement_percentile::float8 from marts_engagement.user_engagement",
        ),
        columns=["date", "course", "score", "percentile"],
    )
    groups = found.groupby(["date", "course"])["score"]
    lower = groups.rank(method="min") - 1
    others = groups.transform("size") - 1
    computed = (lower / others.where(others > 0)).fillna(0).round(4)
    assert (computed - found["percentile"]).abs().max() <= 1e-4
    assert found["percentile"].max() == 1


def test_videos_are_watched_by_the_union_of_their_stretches(
    marts: psycopg.Connection, received: Received
) -> None:
    found = rows(
        marts,
        "select person, video_id, session_start, session_end, watched_seconds::float8,"
        " replay_seconds::float8, video_watch_pct::float8, video_length_seconds::float8"
        " from marts_learning.fact_video_watch"
        " inner join marts_learning.fact_session using (session_id, student_hash, session_start)"
        f" inner join {PEOPLE} using (student_hash)",
    )
    events: dict[tuple[str, str], list[Seen]] = {}
    for event in received.of("video"):
        key = (str(event.person), str(event.payload["video_id"]))
        events.setdefault(key, []).append(event)
    assert len(found) > len(events)  # some videos were watched in several sessions
    for person, video, start, end, watched, replay, percent, length in found:
        stretches = [
            (metadata["watched_from"], metadata["watched_to"])
            for event in events[person, video]
            if start <= event.at <= end
            and "watched_from" in (metadata := event.payload["metadata"])
            and metadata["watched_from"] < metadata["watched_to"]
        ]
        seen = union_length(stretches)
        assert watched == pytest.approx(seen)
        assert replay == pytest.approx(sum(b - a for a, b in stretches) - seen)
        assert percent == pytest.approx(min(100 * seen / length, 100), abs=0.01)


def test_questions_answered_are_the_truths(
    marts: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = rows(
        marts,
        "select date::text, quiz_id, question_id, attempts_count, correct_count"
        " from marts_engagement.question_answers_summary"
        ' order by date, quiz_id collate "C", question_id collate "C"',
    )
    assert found == expected["learning"]["questions"]


def test_assessments_are_the_truths(marts: psycopg.Connection, expected: dict[str, Any]) -> None:
    found = rows(
        marts,
        "select event_type, count(*) from marts_engagement.fact_assessment_event"
        " where not is_misdated group by 1",
    )
    assert dict(found) == expected["assessments"]


def test_agreement_with_the_sessions_of_the_source(
    marts: psycopg.Connection, received: Received
) -> None:
    """A day's agreeing sessions hold one session of the source that lies in no other of the day."""
    found = rows(
        marts,
        "select person, session_start, session_end from marts_learning.fact_session"
        f" inner join {PEOPLE} using (student_hash) order by 1, 2",
    )
    starts: dict[str, list[tuple[datetime, datetime]]] = {}
    for person, start, end in found:
        starts.setdefault(person, []).append((start, end))
    pairs = set()
    for event in received.of(*LEARNING):
        source = event.payload.get("session_id") or event.payload.get("properties", {}).get(
            "session_id"
        )
        if source is None:
            continue
        start = next(s for s, e in starts[str(event.person)] if s <= event.at <= e)
        pairs.add((start.astimezone(UTC).date(), str(event.person), start, source))
    table = pd.DataFrame(sorted(pairs), columns=["date", "person", "start", "source"])
    table["of_session"] = table.groupby(["person", "start"])["source"].transform("size")
    table["of_source"] = table.groupby(["date", "person", "source"])["start"].transform("size")
    agreeing = table[(table["of_session"] == 1) & (table["of_source"] == 1)]
    computed = [
        [day, group[["person", "start"]].drop_duplicates().shape[0], int(count)]
        for (day, group), count in zip(
            table.groupby("date"),
            agreeing.groupby("date").size().reindex(sorted(set(table["date"])), fill_value=0),
            strict=True,
        )
    ]
    assert computed == rows(
        marts,
        "select date, sessions_count, agreeing_count from marts_engagement.session_agreement"
        " order by date",
    )


def test_sessions_of_a_person_lie_apart(marts: psycopg.Connection) -> None:
    found = rows(
        marts,
        "select student_hash, session_start, session_end from marts_learning.fact_session"
        " order by 1, 2",
    )
    for (person, _, end), (next_person, start, _) in pairwise(found):
        assert person != next_person or (start - end).total_seconds() > 1800

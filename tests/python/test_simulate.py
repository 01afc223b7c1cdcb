"""The simulator: the same plan gives the same bytes, and only what is meant to break breaks."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import psycopg
import pytest

from ingest.errors import UserError
from ingest.events.contracts import contract_of
from ingest.events.topics import logs, topics
from ingest.settings import PROJECT_DIR
from ingest.simulate.noise import Message
from ingest.simulate.plan import Plan
from ingest.simulate.site import courses
from ingest.simulate.world import simulate

CLEAN = Plan(seed=7, events=6_000, days=3)
NOISY = replace(
    CLEAN,
    late_share=0.02,
    duplicate_share=0.03,
    out_of_order_share=0.05,
    malformed_share=0.04,
    skew_share=0.02,
)
DIGEST = """
import hashlib
from ingest.simulate.plan import Plan
from ingest.simulate.world import simulate
plan = Plan(events=2_000, late_share=0.1, duplicate_share=0.1, malformed_share=0.1, skew_share=0.1)
print(hashlib.sha256(repr(list(simulate(plan))).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def clean() -> list[Message]:
    return list(simulate(CLEAN))


@pytest.fixture(scope="module")
def noisy() -> list[Message]:
    return list(simulate(NOISY))


def test_the_same_plan_gives_the_same_bytes(noisy: list[Message]) -> None:
    assert list(simulate(NOISY)) == noisy


def test_another_process_gives_the_same_bytes() -> None:
    """Python hashes text differently in every process: no order may hang on it."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


def test_another_seed_gives_another_world(clean: list[Message]) -> None:
    ids = {_payload(message)["event_id"] for message in clean}
    others = {_payload(message)["event_id"] for message in simulate(replace(CLEAN, seed=8))}
    assert not ids & others


def test_without_noise_every_record_keeps_its_contract(clean: list[Message]) -> None:
    assert len(clean) == CLEAN.events
    reasons = {contract_of(message.topic).check(message.value) for message in clean}
    assert reasons == {None}


def test_every_topic_of_the_application_and_the_tracker_is_played(clean: list[Message]) -> None:
    assert {message.topic for message in clean} == set(logs()) - {"moodle.webhooks"}


def test_without_noise_records_arrive_when_they_happen(clean: list[Message]) -> None:
    told = [_told(message) for message in clean]
    assert told == sorted(told)
    assert told == [message.produced_at for message in clean]
    assert CLEAN.start <= told[0]
    assert told[-1] < CLEAN.until


def test_records_arrive_in_order_whatever_goes_wrong(noisy: list[Message]) -> None:
    arrived = [message.produced_at for message in noisy]
    assert arrived == sorted(arrived)


def test_duplicates_and_malformed_records_come_on_top(noisy: list[Message]) -> None:
    checked = [contract_of(message.topic).check(message.value) for message in noisy]
    rejected = Counter(rejection.error_class for rejection in checked if rejection)
    assert len(noisy) == NOISY.events + 180 + 240
    assert rejected.total() == 240
    assert set(rejected) == {
        "not_json",
        "not_utf8",
        "tombstone",
        "contract",
        "unstorable",
        "too_large",
    }


def test_a_duplicate_arrives_after_the_first_and_some_differ(noisy: list[Message]) -> None:
    copies: dict[tuple[str, str], list[Message]] = {}
    for message in noisy:
        if contract_of(message.topic).check(message.value) is None:
            copies.setdefault((message.topic, _payload(message)["event_id"]), []).append(message)
    repeated = [pair for pair in copies.values() if len(pair) > 1]
    assert len(repeated) == 180
    assert {len(pair) for pair in repeated} == {2}
    changed = [pair for pair in repeated if pair[0].value != pair[1].value]
    assert 0 < len(changed) < 60
    assert all("resent" in _payload(second) for _, second in changed)
    assert all(first.key == second.key for first, second in repeated)


def test_late_records_arrive_within_90_days_and_no_other_record_does() -> None:
    late = replace(CLEAN, late_share=0.1)
    delays = [message.produced_at - _told(message) for message in simulate(late)]
    held_back = [delay for delay in delays if delay]
    assert len(held_back) == 600
    assert min(held_back) >= timedelta(hours=1)
    assert timedelta(days=80) < max(held_back) <= timedelta(days=90)


def test_records_out_of_order_come_within_half_an_hour() -> None:
    moved = replace(CLEAN, out_of_order_share=0.25)
    delays = [message.produced_at - _told(message) for message in simulate(moved)]
    assert sum(delay > timedelta(0) for delay in delays) == 1_500
    assert max(delays) <= timedelta(minutes=30)


def test_a_wrong_clock_is_off_by_hours_and_a_few_by_decades() -> None:
    skewed = list(simulate(replace(CLEAN, skew_share=0.2)))
    off = [(m, _told(m) - m.produced_at) for m in skewed if _told(m) != m.produced_at]
    assert 1_195 <= len(off) <= 1_200  # somebody's clock may be right by chance
    decades = [shift for _, shift in off if abs(shift) > timedelta(days=365)]
    assert 30 < len(decades) < 95
    assert {shift > timedelta(0) for shift in decades} == {True, False}
    hours: dict[bytes, set[timedelta]] = {}
    for message, shift in off:
        if abs(shift) < timedelta(days=365):
            assert timedelta(days=-1) <= shift <= timedelta(hours=2)
            hours.setdefault(message.key, set()).add(shift)
    assert {len(shifts) for shifts in hours.values()} == {1}


def test_turning_on_one_fault_leaves_the_others_as_they_were() -> None:
    late = replace(CLEAN, late_share=0.02)

    def arrivals(plan: Plan) -> dict[tuple[str, str], datetime]:
        return {(m.topic, _payload(m)["event_id"]): m.produced_at for m in simulate(plan)}

    assert arrivals(replace(late, skew_share=0.1)) == arrivals(late)


def test_the_stream_holds_the_traps(clean: list[Message]) -> None:
    moments: dict[bytes, list[datetime]] = {}
    for message in clean:
        moments.setdefault(message.key, []).append(message.produced_at)
    gaps = [b - a for times in moments.values() for a, b in pairwise(times)]
    assert timedelta(minutes=30) in gaps
    assert timedelta(minutes=30, seconds=1) in gaps
    assert timedelta(0) in gaps
    assert any(m.produced_at.minute % 5 == 0 and not _rest(m) for m in clean)
    assert any(m.produced_at.minute % 5 == 4 and _rest(m) == 59.999 for m in clean)
    assert any(
        a.date() < b.date() and b - a < timedelta(minutes=30)
        for times in moments.values()
        for a, b in pairwise(times)
    )
    app = [_payload(m)["properties"] for m in clean if m.topic == "user.events"]
    assert {404, 500} <= {properties.get("status_code") for properties in app}
    assert any("experiment" in properties for properties in app)
    cart = [_payload(m) for m in clean if m.topic == "cart"]
    assert {None, "add", "remove", "update"} == {change.get("event_kind") for change in cart}
    assert any(change["quantity"] < 0 for change in cart)
    assert any(_payload(m)["user_id"] is None for m in clean if m.topic == "clicks")


def test_orders_add_up_in_every_currency() -> None:
    orders = [_payload(m) for m in simulate(replace(CLEAN, events=30_000)) if m.topic == "purchase"]
    assert {"EUR", "JPY", "KWD"} <= {order["currency"] for order in orders}
    for order in orders:
        exponent = {"JPY": 0, "KWD": 3}.get(order["currency"], 2)
        minor = [
            item["quantity"] * round(item["unit_price"] * 10**exponent) for item in order["items"]
        ]
        assert order["total_amount"] == sum(minor) / 10**exponent


def test_people_are_accounts_of_the_site_app_accounts_and_strangers(clean: list[Message]) -> None:
    accounts = {account for course in courses() for account in course.students}
    seen = {
        _payload(m).get(topics()[m.topic].person_field)
        for m in clean
        if m.topic != "moodle.webhooks"
    }
    numbers = {int(id_) for id_ in seen if id_ is not None and str(id_).isdecimal()}
    assert numbers <= accounts
    assert len(numbers) > 40
    assert any(str(id_).startswith("app-") for id_ in seen)
    assert {type(id_) for id_ in seen} == {int, str, type(None)}


def test_the_simulated_site_is_the_sample_site(sample_site: str) -> None:
    """Every id of `site.yml` is one of the sample's Moodle, in the course it is said to be in."""
    with psycopg.connect(sample_site) as conn:
        students = conn.execute("""
            select c.instanceid, array_agg(distinct u.id order by u.id) from mdl_role_assignments a
            join mdl_role r on r.id = a.roleid and r.shortname = 'student'
            join mdl_context c on c.id = a.contextid and c.contextlevel = 50
            join mdl_user u on u.id = a.userid and u.deleted = 0 and u.suspended = 0
            group by 1""").fetchall()
        sections = conn.execute("select id, course from mdl_course_sections").fetchall()
        modules = conn.execute("""
            select m.name, cm.id, cm.instance, cm.section from mdl_course_modules cm
            join mdl_modules m on m.id = cm.module""").fetchall()
        chapters = conn.execute("select id, bookid from mdl_book_chapters").fetchall()
        questions = conn.execute("""
            select s.quizid, array_agg(r.questionbankentryid order by s.slot) from mdl_quiz_slots s
            join mdl_question_references r on r.itemid = s.id and r.questionarea = 'slot'
            group by 1""").fetchall()
        row = conn.execute("select max(timecreated) from mdl_logstore_standard_log").fetchone()
    in_section = {(name, instance): section for name, _, instance, section in modules}
    section_of = {(name, id_): section for name, id_, _, section in modules}
    book_of: dict[int, int] = dict(chapters)
    slots: dict[int, list[int]] = dict(questions)
    course_of: dict[int, int] = dict(sections)
    assert {course.id: list(course.students) for course in courses()} == dict(students)
    for course in courses():
        for section in course.sections:
            assert course_of[section.id] == course.id
            assert {section_of["page", page] for page in section.pages} <= {section.id}
            assert {section_of["assign", cm] for cm in section.assignments} <= {section.id}
            for chapter in section.book_chapters:
                assert in_section["book", book_of[chapter]] == section.id
            for quiz, asked in section.quizzes:
                assert in_section["quiz", quiz] == section.id
                assert slots[quiz] == list(asked)
    assert row is not None
    assert Plan().until + timedelta(hours=2) < datetime.fromtimestamp(row[0], UTC)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"late_share": 1.5}, "late_share is 1.5: a share lies between 0 and 1"),
        ({"skew_share": -0.1}, "skew_share is -0.1: a share lies between 0 and 1"),
        ({"events": 0}, "0 events cannot be simulated: ask for one at least"),
        ({"days": 0}, "0 days cannot be simulated: from 1 to 3660 can"),
        ({"until": datetime(2025, 1, 1)}, "needs a time zone"),
    ],
)
def test_what_cannot_be_simulated_is_said(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        Plan(**wrong)


def _payload(message: Message) -> dict[str, Any]:
    assert message.value is not None
    payload: dict[str, Any] = orjson.loads(message.value)
    return payload


def _told(message: Message) -> datetime:
    return datetime.fromisoformat(_payload(message)[topics()[message.topic].time_field])


def _rest(message: Message) -> float:
    """Seconds past the minute."""
    return message.produced_at.second + message.produced_at.microsecond / 1_000_000

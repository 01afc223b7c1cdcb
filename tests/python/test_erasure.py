"""An erased person leaves no trace and is not taken in again; others stay as they were."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from moodle_sites import LOG, SPEC, Lane
from traces import traces

from ingest.archive.backfill import backfill_day
from ingest.archive.catalog import live_files
from ingest.archive.write import archive
from ingest.erasure.person import STAND_IN
from ingest.erasure.run import Erased, erase
from ingest.errors import UserError
from ingest.events import raw
from ingest.events.contracts import Rejection
from ingest.events.raw import Record, Sorted
from ingest.events.topics import topics
from ingest.files.store import Store
from ingest.moodle import changes
from ingest.stripe import store as stripe_store
from ingest.stripe.kinds import KINDS
from ingest.stripe.store import Found
from ingest.warehouse.bootstrap import bootstrap
from ingest.warehouse.manifest import record_load
from ingest.warehouse.merge import Counts

ANN = ("ann.k", "ann.k@example.org", "Annabel", "Kowalski", "10.9.8.7")
TRACES = ("ann.k", "annabel", "kowalski", "10.9.8.7")
CLICKS = topics()["clicks"]
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def site(lane: Lane) -> Lane:
    """Person 7 is Ann: enrolled, in the log, named in the rows of others. Loaded."""
    username, email, first, last, ip = ANN
    with psycopg.connect(lane.moodle) as conn:
        columns = ", ".join(f"{name} {type_}" for name, type_ in SPEC[LOG].columns.items())
        conn.execute(f"create table mdl_{LOG} ({columns}, primary key (id))".encode())
        conn.execute(
            "update mdl_user set username = 'user' || id, email = id || '@example.org',"
            " firstname = 'First', lastname = 'Last', country = 'DE'"
        )
        conn.execute(
            "update mdl_user set username = %s, email = %s, firstname = %s, lastname = %s"
            " where id = 7",
            [username, email, first, last],
        )
        conn.execute("update mdl_user_enrolments set userid = id, modifierid = 11 - id")
        conn.execute("update mdl_course_modules_viewed set userid = id")
        for id_, name, user, related, other in (
            (1, r"\core\event\user_loggedin", 7, None, '{"username":"ann.k"}'),
            (2, r"\core\event\course_viewed", 7, None, "null"),
            (3, r"\core\event\user_graded", 2, 7, '{"name":"Kowalski"}'),
            (4, r"\core\event\course_viewed", 2, None, "kept"),
            (5, r"\core\event\user_login_failed", 0, None, '{"username":"ann.k","reason":3}'),
        ):
            conn.execute(
                f"insert into mdl_{LOG} (id, eventname, userid, relateduserid, other, ip)"
                " values (%s, %s, %s, %s, %s, %s)",
                [id_, name, user, related, other, ip if user in (0, 7) else "10.1.1.1"],
            )
    lane.load()
    return lane


def gone(lane: Lane, **whom: Any) -> Erased:
    return erase(lane.settings(), lambda _: None, **({"user": "7"} | whom))


def test_rows_become_a_strangers_and_nothing_comes_back(site: Lane) -> None:
    with psycopg.connect(site.warehouse, autocommit=True) as conn:
        assert traces(conn, TRACES)
        others = "select * from mdl_user_enrolments where id not in (7, 4, 12) order by id"
        before = site.read(others)
        done = gone(site)
        assert done.rows["raw_moodle.mdl_user"] == 1
        assert traces(conn, TRACES) == []
        for _ in range(2):
            (stranger,) = site.read("select id, country, username from mdl_user where id > 1000")
            assert stranger[0] >= STAND_IN and stranger[1] == "DE"
            assert stranger[2] == f"erased-{stranger[0]}"
            # what was Ann's is the stranger's, and counts on
            assert site.value("select userid from mdl_user_enrolments where id = 7") == stranger[0]
            assert (
                site.value("select userid from mdl_course_modules_viewed where id = 7")
                == (stranger[0])
            )
            assert site.value("select modifierid from mdl_user_enrolments where id = 4") is None
            assert site.read(
                f"select userid, other, ip from mdl_{LOG} where id < 6 order by id"
            ) == [
                (stranger[0], None, None),
                (stranger[0], "null", None),
                (2, None, "10.1.1.1"),
                (2, "kept", "10.1.1.1"),
                (0, None, None),
            ]
            assert site.read(others) == before
            # the source still has all of it, and more
            site.in_moodle(
                "insert into mdl_user_enrolments (id, userid, timemodified)"
                " values (11, 7, 1), (12, 2, 1) on conflict do nothing",
                f"insert into mdl_{LOG} (id, eventname, userid, other, ip) values"
                " (6, 'x', 7, 'ann.k', '10.9.8.7'), (7, 'x', 2, 'new', '10.1.1.1')"
                " on conflict do nothing",
                "update mdl_user_enrolments set timemodified = timemodified + 1 where userid = 7",
            )
            site.load(full=True)
            assert traces(conn, TRACES) == []
            assert site.value("select count(*) from mdl_user_enrolments where id > 10") == 1
            assert site.value(f"select count(*) from mdl_{LOG}") == 6
            deleted = "select count(*) from mdl_{} where _deleted_at is not null"
            for table in ("user_enrolments", "course_modules_viewed", LOG):
                assert site.value(deleted.format(table)) == 0
        assert gone(site).rows == {}  # once more
        (audit,) = conn.execute("select table_rows from audit.erasure").fetchall()
        assert audit[0]["raw_moodle.mdl_user"] == 1


def test_a_dry_run_says_the_same_and_changes_nothing(site: Lane) -> None:
    names = ("user", "user_enrolments", "course_modules_viewed", LOG)
    before = site.state(*names)
    would = gone(site, is_dry=True)
    assert site.state(*names) == before
    assert site.value("select count(*) from vault.erased") == 0
    assert gone(site).rows == would.rows


def test_who_is_not_there_is_no_success(site: Lane) -> None:
    with pytest.raises(UserError, match="nothing in the warehouse is about this person"):
        gone(site, user="4711")


def test_captured_changes_do_not_bring_the_person_back(site: Lane) -> None:
    gone(site)
    before = site.state("user", "user_enrolments")
    envelopes = [
        {
            "op": "u",
            "source": {"table": f"mdl_{table}"},
            "after": row,
        }
        for table, row in (
            ("user", {"id": 7, "username": "ann.k", "firstname": "Annabel"}),
            ("user_enrolments", {"id": 7, "userid": 7, "status": 1}),
            ("user_enrolments", {"id": 99, "userid": 7, "status": 0}),
        )
    ]
    with psycopg.connect(site.warehouse) as conn:
        changes.apply(conn, "mdl_", [orjson.dumps(one) for one in envelopes], 99)
    assert site.state("user", "user_enrolments") == before


# ---------------------------------------------------------------- events and Stripe


def click(user: str | None, number: int) -> bytes:
    return orjson.dumps({"event_id": f"e{number}", "user_id": user, "session_id": "s", "ts": "x"})


def arrive(conn: psycopg.Connection, load_id: int, *values: bytes) -> None:
    """Clicks that are in order, and a dead letter of each."""
    records = [Record(0, load_id * 100 + n, b"7", value, None) for n, value in enumerate(values)]
    rows = Sorted(records, [(record, Rejection("contract", "a test")) for record in records])
    with conn.transaction():
        raw.ensure_partition(conn, CLICKS, AT.date())
    with conn.transaction():
        raw.append(conn, CLICKS, "kafka", rows, load_id, AT)
        record_load(conn, load_id, "events", Counts(len(values)), AT, {})


@pytest.fixture
def house(lane: Lane) -> Lane:
    """A warehouse of clicks of person 7 and others, archived; nothing of Moodle."""
    with psycopg.connect(lane.warehouse, autocommit=True) as conn:
        bootstrap(conn)
        arrive(conn, 1, click("7", 1), click("8", 2), click(None, 3), click("77", 4))
    archive(lane.settings(), lambda _: None)
    return lane


def people(lane: Lane) -> list[str | None]:
    return [
        user
        for (user,) in lane.read(
            "select payload ->> 'user_id' from raw_events.clicks order by source_offset"
        )
    ]


def test_records_become_a_strangers_in_the_archive_too(house: Lane) -> None:
    done = gone(house)
    assert (done.rows["raw_events.clicks"], done.rows["raw_events.dead_letter"]) == (1, 1)
    assert done.files == 1
    first, *others = people(house)
    assert int(first or 0) >= STAND_IN and others == ["8", None, "77"]
    with psycopg.connect(house.warehouse, autocommit=True) as conn:
        arrive(conn, 3, click("7", 5), click("8", 6))
        assert people(house) == [first, "8", None, "77", "8"]
        assert conn.execute("select count(*) from raw_events.dead_letter").fetchone() == (4,)
        # what was archived of the person is gone, the stranger's is archived, and comes back alone
        archive(house.settings(), lambda _: None)
        conn.execute("truncate raw_events.clicks")
        store = Store(house.settings().archive)
        backfill_day(conn, store, CLICKS, AT.date())
        assert sorted(map(str, people(house))) == sorted(map(str, [first, "8", None, "77", "8"]))
        files = live_files(conn, CLICKS, AT.date(), AT.date())
        kept = {file.file_name for file in files}
        on_disk = {
            str(path.relative_to(store.root)) for path in Path(store.root).rglob("*.parquet")
        }
        assert on_disk == kept


CUSTOMER = {
    "object": "customer",
    "id": "cus_1",
    "email": "Ann.K@example.org",
    "name": "Annabel Kowalski",
    "created": 1,
    "livemode": True,
    "metadata": {"moodle_user_id": "7", "product_id": "p"},
}
CHARGE = {
    "object": "charge",
    "id": "ch_1",
    "customer": "cus_1",
    "amount": 500,
    "created": 2,
    "livemode": True,
    "billing_details": {"name": "Annabel Kowalski"},
    "receipt_email": "x@y.z",
}
PARENT = {
    "object": "customer",
    "id": "cus_2",
    "email": "mum@example.org",
    "name": "Mum",
    "created": 3,
    "livemode": True,
    "metadata": {"learner_user_ids": "77,7,8"},
}


def fetched(conn: psycopg.Connection, *objects: dict[str, Any], day: int) -> Counts:
    """As `load stripe` stores what the API answered."""
    kind = next(kind for kind in KINDS.values() if kind.object_type == "customer")
    at = datetime(2026, 3, day, tzinfo=UTC)
    found = [Found(one, at) for one in objects]
    return stripe_store.Store(conn, livemode=True).add(kind, found, at)


def test_money_stays_and_who_paid_it_goes(site: Lane) -> None:
    with psycopg.connect(site.warehouse, autocommit=True) as conn:
        fetched(conn, CUSTOMER, CHARGE, PARENT, day=1)
        done = gone(site)
        assert done.customers == ("cus_1",)
        assert traces(conn, TRACES) == []
        # the source says the same again: nothing is new
        assert fetched(conn, CUSTOMER, CHARGE, day=2).total == 0
        # and what it says of later is scrubbed
        assert fetched(conn, CHARGE | {"amount_refunded": 500}, day=3).updated == 1
        assert traces(conn, TRACES) == []
        found = conn.execute(
            "select distinct on (object_id) object_id, payload from raw_stripe.objects"
            " order by object_id, fetched_at desc"
        ).fetchall()
        objects: dict[str, Any] = dict(found)
        assert (objects["ch_1"]["amount"], objects["ch_1"]["amount_refunded"]) == (500, 500)
        assert objects["cus_1"]["metadata"] == {"product_id": "p"}
        assert objects["cus_2"] == PARENT | {"metadata": {"learner_user_ids": "77,,8"}}


def test_a_customer_alone_can_be_erased(site: Lane) -> None:
    with psycopg.connect(site.warehouse, autocommit=True) as conn:
        fetched(conn, CUSTOMER, PARENT, day=1)
        gone(site, user=None, customers=["cus_2"])
        assert traces(conn, ("mum",)) == []
        assert site.value("select count(*) from mdl_user where id = 7") == 1

"""Who pays for whom, and which course earns what: the marts hold what a simulated account did.

Learners are those of the sample site, so that access to all courses is divided by what they really
studied. Figures are held against the simulator's own books.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest
from metric_queries import parse_metrics, query_metrics
from stripe_account import small_account
from warehouse_fixtures import Warehouse

from ingest.build import NO_UNIT_TESTS
from ingest.simulate.money.truth import account_truth
from ingest.simulate.site import courses

CROSS = ("path:models/marts/cross", "path:models/intermediate/cross")
# How a link of the simulated world shows: rule of the ladder and how sure it is.
RULES = {
    "metadata": ("stripe_metadata", Decimal("1.00")),
    "checkout": ("stripe_metadata", Decimal("1.00")),
    "verified": ("verified_email", Decimal("0.90")),
    "unverified": ("email", Decimal("0.70")),
}


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return account_truth(small_account())


@pytest.fixture(scope="module")
def known(expected: dict[str, Any]) -> dict[str, tuple[str, int | None]]:
    """Customer -> what links it, and the account in Moodle.

    Whoever was to be known by the payment page and never came to it is not known.
    """
    sessions = small_account().world.account.objects["checkout.session"].values()
    came = {session["customer"] for session in sessions}
    return {
        customer: ("nothing", None) if kind == "checkout" and customer not in came else (kind, id_)
        for customer, kind, id_ in expected["customers"]
    }


@pytest.fixture(scope="module")
def house(account_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    return account_warehouse("cross_warehouse")


@pytest.fixture
def conn(house: Warehouse) -> Iterator[psycopg.Connection]:
    with house.connect() as connection:
        yield connection


def ask(conn: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return conn.execute(query.encode()).fetchall()


@pytest.mark.thorough  # in the demo they run on another account
def test_every_test_of_these_models_passes_on_the_account(house: Warehouse) -> None:
    house.run("test", "--select", *CROSS, *NO_UNIT_TESTS)


# ---------- who is who


@pytest.fixture
def links(conn: psycopg.Connection) -> dict[tuple[str, str], dict[int | None, tuple[Any, ...]]]:
    """(customer, relationship) -> account in Moodle of the person -> rule and confidence."""
    found: dict[tuple[str, str], dict[int | None, tuple[Any, ...]]] = defaultdict(dict)
    rows = ask(
        conn,
        """
        select b.source_id, b.relationship_type, p.source_user_id::int, b.match_rule, b.confidence
        from marts_cross.bridge_person_account as b
        left join vault.pseudonyms as p
            on b.student_hash = p.student_hash and p.source_system = 'moodle'
        where b.source_system = 'stripe' and b.is_current""",
    )
    for customer, relationship, learner, *rule in rows:
        found[customer, relationship][learner] = tuple(rule)
    return dict(found)


def test_customers_are_linked_by_the_rule_that_knows_them(
    links: dict[tuple[str, str], dict[int | None, tuple[Any, ...]]],
    known: dict[str, tuple[str, int | None]],
) -> None:
    assert {kind for kind, _ in known.values()} == {*RULES, "payer", "nothing"}
    for customer, (kind, learner) in known.items():
        of_customer = links[customer, "self"]
        if kind in RULES:
            assert of_customer == {learner: RULES[kind]}, (customer, kind)
            assert (customer, "payer_for") not in links
        else:
            assert set(of_customer) == {None}, (customer, kind)


def test_who_pays_for_learners_is_none_of_them(
    links: dict[tuple[str, str], dict[int | None, tuple[Any, ...]]],
    known: dict[str, tuple[str, int | None]],
) -> None:
    paid_for = defaultdict(set)
    for intent in small_account().world.account.objects["payment_intent"].values():
        if "moodle_user_id" in intent["metadata"]:
            paid_for[intent["customer"]].add(int(intent["metadata"]["moodle_user_id"]))
    expected = {
        customer: paid_for[customer]
        for customer, (kind, _) in known.items()
        if kind == "payer" and paid_for[customer]
    }
    assert max(map(len, expected.values())) > 1
    found = {customer: set(of) for (customer, what), of in links.items() if what == "payer_for"}
    assert found == expected


def test_learners_a_payer_has_in_common_stay_persons_of_their_own(
    conn: psycopg.Connection,
) -> None:
    shared = ask(
        conn,
        """
        select person_key from marts_cross.bridge_person_account
        where relationship_type = 'self' and source_system <> 'stripe' and is_current
        group by 1 having count(*) > 1""",
    )
    assert shared == []


def test_two_customers_of_one_learner_are_one_person(
    conn: psycopg.Connection, known: dict[str, tuple[str, int | None]]
) -> None:
    customers_of = defaultdict(set)
    for customer, (kind, learner) in known.items():
        if kind in RULES:
            customers_of[learner].add(customer)
    found = ask(
        conn,
        """
        select array_agg(source_id) from marts_cross.bridge_person_account
        where source_system = 'stripe' and relationship_type = 'self' and is_current
        group by person_key having count(*) > 1""",
    )
    several = {frozenset(found) for found in customers_of.values() if len(found) > 1}
    assert several
    assert {frozenset(ids) for (ids,) in found} == several


def test_no_address_leaves_the_vault(conn: psycopg.Connection) -> None:
    tables = ask(
        conn,
        """
        select schemaname, tablename from pg_tables
        where schemaname = 'marts_cross'
        union all
        select schemaname, viewname from pg_views where viewname like 'int_cross%'
        union all
        select schemaname, tablename from pg_tables where tablename like 'int_cross%'""",
    )
    assert len(tables) > 20
    for schema, table in tables:
        query = f"select count(*) from {schema}.{table} as t where t::text like '%@%'"
        assert ask(conn, query) == [(0,)], table


# ---------- which course earns what


@pytest.fixture(scope="module")
def sold(expected: dict[str, Any]) -> dict[tuple[str, str | None], list[Decimal]]:
    """(month, product) -> gross, refunds, disputes, fees, net in euros, as the mart signs them."""
    return {
        (month, product): [
            Decimal(sign * cents) / 100
            for sign, cents in zip((1, -1, -1, 1, 1), figures, strict=True)
        ]
        for month, product, *figures in expected["ledger"]["products"]
    }


FIGURES = ("gross", "refunds", "disputes", "fees_allocated", "net_revenue")


def test_revenue_of_every_month_is_the_ledgers_to_the_cent(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = ask(
        conn,
        """
        select to_char(month_start_date, 'YYYY-MM'), sum(net_revenue)
        from marts_cross.course_revenue_monthly where currency = 'EUR' group by 1 order by 1""",
    )
    assert found == [
        (month, Decimal(cents) / 100) for month, cents in expected["ledger"]["net_revenue"]
    ]


def test_courses_sold_by_themselves_have_what_was_paid_for_them(
    conn: psycopg.Connection, sold: dict[tuple[str, str | None], list[Decimal]]
) -> None:
    found = _by_allocation(conn, "direct", "'course-' || course_id")
    courses = {key: row for key, row in sold.items() if (key[1] or "").startswith("course-")}
    assert len({product for _, product in courses}) > 5
    assert any(row[1] for row in courses.values())
    assert any(row[2] for row in courses.values())
    assert found == courses


def test_bundles_are_divided_and_nothing_is_left(
    conn: psycopg.Connection, sold: dict[tuple[str, str | None], list[Decimal]]
) -> None:
    found = _by_allocation(conn, "bundle", "'bundle-science'")
    bundles = {key: row for key, row in sold.items() if key[1] == "bundle-science"}
    assert any(row[1] for row in bundles.values())
    assert found == bundles


def test_courses_of_a_bundle_without_a_price_list_have_equal_parts(
    conn: psycopg.Connection,
) -> None:
    """The account sells courses without a price in Stripe."""
    rows = ask(
        conn,
        """
        select charge_id, array_agg(course_id order by course_id), array_agg(share)
        from intermediate.int_cross__charge_courses where allocation = 'bundle' group by 1""",
    )
    assert rows
    assert all(row[1:] == ([2, 3], [Decimal("0.5")] * 2) for row in rows)


def test_access_to_all_courses_is_divided_by_what_its_learner_studied(
    conn: psycopg.Connection,
) -> None:
    """By pandas, of every charge of subscribers with an account in Moodle and no other product."""
    days = pd.DataFrame(
        ask(
            conn,
            """
            select p.source_user_id::int, e.course_id, (e.ts at time zone 'UTC')::date,
                sum(e.dwell_seconds)
            from marts_learning.fact_learning_event as e
            join vault.pseudonyms as p using (student_hash)
            where p.source_system = 'moodle' and e.course_id is not null
                and not e.is_restored and not e.is_misdated and not e.is_login_as
            group by 1, 2, 3""",
        ),
        columns=["learner", "course", "day", "seconds"],
    )
    days = days[days.course.isin([course.id for course in courses()])]
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for charge, course, share in ask(
        conn,
        """
        select charge_id, course_id, share from intermediate.int_cross__charge_courses
        where product_id = 'all-access' and allocation = 'all_access'""",
    ):
        found[charge][course] = float(share)
    checked = 0
    for charge, learner, start, end in _all_access():
        studied = days[(days.learner == learner) & (days.day >= start) & (days.day < end)]
        seconds = studied.groupby("course").seconds.sum().astype(float)
        seconds = seconds[seconds > 0]
        if seconds.empty:
            continue
        assert found[charge] == pytest.approx((seconds / seconds.sum()).to_dict()), charge
        checked += len(seconds) > 1
    assert checked > 3


def _all_access() -> Iterator[tuple[str, int, date, date]]:
    """Charges for nothing else, of customers who are learners: charge, learner, period."""
    played = small_account()
    objects = played.world.account.objects
    learners = {id_: learner for id_, kind, learner in played.world.journal.links if learner}
    charges = {payment["invoice"]: payment for payment in objects["invoice_payment"].values()}
    for invoice in objects["invoice"].values():
        payment, learner = charges.get(invoice["id"]), learners.get(invoice["customer"])
        lines = [line for line in invoice["lines"]["data"] if line["amount"] > 0]
        if payment is None or learner is None or len(lines) != 1:
            continue
        intent = objects["payment_intent"][payment["payment"]["payment_intent"]]
        if played.world.journal.sold[intent["latest_charge"]][0][0] == "all-access":
            period = lines[0]["period"]
            yield intent["latest_charge"], learner, _day(period["start"]), _day(period["end"])


def _day(epoch: int) -> date:
    return datetime.fromtimestamp(epoch, UTC).date()


def _by_allocation(
    conn: psycopg.Connection, allocation: str, product: str
) -> dict[tuple[str, str], list[Decimal]]:
    rows = ask(
        conn,
        f"""
        select to_char(created_at at time zone 'UTC', 'YYYY-MM'), {product},
            coalesce(sum(amount) filter (where ledger_group = 'sales'), 0),
            -coalesce(sum(amount) filter (where ledger_group = 'refunds'), 0),
            -coalesce(sum(amount) filter (where ledger_group = 'disputes'), 0),
            sum(fee), sum(amount - fee)
        from intermediate.int_cross__course_ledger
        where allocation = '{allocation}' group by 1, 2""",
    )
    return {(month, product): list(figures) for month, product, *figures in rows}


# ---------- what becomes of it


def test_a_purchase_is_the_first_payment_for_the_learner(conn: psycopg.Connection) -> None:
    objects = small_account().world.account.objects
    paid: dict[tuple[int, int], datetime] = {}
    for charge in objects["charge"].values():
        intent = objects["payment_intent"][charge["payment_intent"]]
        learner = intent["metadata"].get("moodle_user_id")
        product = intent["metadata"].get("product_id", "")
        if not charge["paid"] or not learner or product == "all-access":
            continue
        at = datetime.fromtimestamp(charge["created"], UTC)
        named = product.removeprefix("course-")
        for course in (2, 3) if product == "bundle-science" else (int(named),):
            key = int(learner), course
            paid[key] = min(at, paid.get(key, at))
    found = {
        (learner, course): at
        for learner, course, at in ask(
            conn,
            """
            select p.source_user_id::int, f.course_id, f.purchase_at
            from marts_cross.funnel_to_completion as f
            join vault.pseudonyms as p using (student_hash) where f.is_paid""",
        )
    }
    assert len(paid) > 10
    assert {key: found.get(key) for key in paid} == paid


def test_orders_are_at_risk_only_while_they_are_open(conn: psycopg.Connection) -> None:
    objects = small_account().world.account.objects
    found = {
        charge: (first, last)
        for charge, first, last in ask(
            conn,
            "select charge_id, min(date), max(date) from marts_cross.refund_risk_daily group by 1",
        )
    }
    refunds = [made for made in objects["refund"].values() if made["status"] == "succeeded"]
    closed = {}
    for charge in objects["charge"].values():
        made = sorted(
            (made["created"], made["amount"]) for made in refunds if made["charge"] == charge["id"]
        )
        if sum(amount for _, amount in made) == charge["amount_captured"] > 0:
            closed[charge["id"]] = _day(made[-1][0])
        elif charge["paid"]:
            assert found[charge["id"]][0] == _day(charge["created"])
    assert len(closed) > 2
    for charge, day in closed.items():
        assert charge not in found or found[charge][1] < day
    disputed = {case["charge"]: _day(case["created"]) for case in objects["dispute"].values()}
    assert all(found[charge][1] < day for charge, day in disputed.items() if charge in found)


def test_flags_of_refund_risk_say_why(conn: psycopg.Connection) -> None:
    rows = ask(
        conn,
        """
        select distinct on (rule_score, risk_reasons) rule_score, risk_reasons, band
        from marts_cross.refund_risk_daily order by 1, 2""",
    )
    assert {band for *_, band in rows} >= {"low", "medium"}
    assert all((score > 0) == bool(reasons) for score, reasons, _ in rows)
    assert any("not opened" in reasons for _, reasons, _ in rows)


def test_who_pays_without_learning_is_told_from_who_learns(
    conn: psycopg.Connection, known: dict[str, tuple[str, int | None]]
) -> None:
    """By the log and the books: customers who are learners, in October 2025."""
    played = small_account()
    learners = {id_: learner for id_, (kind, learner) in known.items() if kind in RULES}
    paid = {
        learners[charge["customer"]]
        for charge in played.world.account.objects["charge"].values()
        if charge["paid"]
        and charge["customer"] in learners
        and (_day(charge["created"]).year, _day(charge["created"]).month) == (2025, 10)
    }
    active = {
        learner
        for (learner,) in ask(
            conn,
            """
            select distinct p.source_user_id::int from marts_learning.fact_learning_event as e
            join vault.pseudonyms as p using (student_hash)
            where p.source_system = 'moodle' and e.is_engagement_event
                and e.ts >= '2025-10-01 00:00+00' and e.ts < '2025-11-01 00:00+00'""",
        )
    }
    found = {
        learner: (quadrant, is_risk)
        for learner, quadrant, is_risk in ask(
            conn,
            """
            select p.source_user_id::int, quadrant, is_silent_churn_risk
            from marts_cross.activity_vs_payment_churn
            join vault.pseudonyms as p using (student_hash)
            where month_start_date = '2025-10-01'""",
        )
    }
    assert len(paid & active) > 3
    for learner in paid:
        word = "active" if learner in active else "inactive"
        assert found[learner] == (f"{word} and paying", learner not in active)
    assert {quadrant for quadrant, _ in found.values()} >= {
        "active and paying",
        "active and lapsed",
    }


def test_the_value_of_learners_is_what_was_paid_for_them(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    [(value, paid, without_rate)] = ask(
        conn,
        """
        select sum(net_reporting), sum(paid_reporting),
            count(*) filter (where net_reporting is null)
        from marts_cross.learner_lifetime_value""",
    )
    own_fees = sum(row[-1] for row in expected["ledger"]["products"] if row[1] is None)
    earned = sum(cents for _, cents in expected["ledger"]["net_revenue"]) - own_fees
    assert without_rate == 0
    assert float(value) == pytest.approx(earned / 100, abs=0.01)
    gross = sum(row[2] for row in expected["ledger"]["products"])
    assert float(paid) == pytest.approx(gross / 100, abs=0.01)


def test_money_a_parent_pays_is_of_value_for_the_children(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    parents = [customer for customer, kind, _ in expected["customers"] if kind == "payer"]
    found = conn.execute(
        """
        select v.net_reporting, v.paid_reporting, v.persons_paid_for_count
        from marts_cross.learner_lifetime_value as v
        join marts_cross.bridge_person_account as b using (person_key)
        where b.source_id = any(%s) and b.relationship_type = 'self' and exists (
            select from marts_cross.bridge_person_account as p
            where p.source_id = b.source_id and p.relationship_type = 'payer_for'
        )""",
        [parents],
    ).fetchall()
    assert any(count > 1 for *_, count in found)
    assert all(net == 0 and paid > 0 for net, paid, _ in found)


def test_a_person_with_more_accounts_than_the_cap_is_left_apart_for_review(
    house: Warehouse, conn: psycopg.Connection
) -> None:
    models = ("int_cross__components+1", "identity_review")
    before = ask(conn, "select source_id from marts_cross.identity_review")
    linked = ask(
        conn,
        """
        select source_id from marts_cross.bridge_person_account
        where is_current and relationship_type = 'self' and match_rule <> 'none' order by 1""",
    )
    house.run("run", "--select", *models, "--vars", "{identity_component_cap: 1}")
    try:
        found = ask(
            conn,
            """
            select source_id from marts_cross.identity_review
            where reason = 'too many accounts' order by 1""",
        )
        [(accounts, persons)] = ask(
            conn, "select count(*), count(distinct person_key) from intermediate.int_cross__persons"
        )
    finally:
        house.run("run", "--select", *models)
    assert linked
    assert found == linked
    assert persons == accounts
    assert ask(conn, "select source_id from marts_cross.identity_review") == before


# ---------- metrics


def test_metrics_by_name_are_those_of_the_marts(
    house: Warehouse, conn: psycopg.Connection, tmp_path: Path
) -> None:
    parse_metrics(house)
    by_course = query_metrics(
        house, tmp_path, ["course_revenue"], "--group-by", "course__shortname"
    )
    held = ask(
        conn,
        """
        select c.shortname, sum(r.net_revenue_reporting)
        from marts_cross.course_revenue_monthly as r
        inner join marts_learning.dim_course as c on r.course_key = c.course_key
        where not r.is_unallocated
        group by c.shortname""",
    )
    assert len(held) > 3
    found = [(row["course__shortname"], Decimal(row["course_revenue"])) for row in by_course]
    assert sorted(found) == sorted(held)
    names = ["course_revenue", "unallocated_revenue", "lifetime_value", "predicted_lifetime_value"]
    (total,) = query_metrics(house, tmp_path, names)
    [figures] = ask(
        conn,
        """
        select courses.revenue, courses.unallocated, persons.value_so_far, persons.value_expected
        from (
            select
                sum(net_revenue_reporting) filter (where not is_unallocated) as revenue,
                sum(net_revenue_reporting) filter (where is_unallocated) as unallocated
            from marts_cross.course_revenue_monthly
        ) as courses,
        (
            select avg(ltv_historic) as value_so_far, avg(ltv_predicted) as value_expected
            from marts_cross.learner_lifetime_value
            where orders_count > 0
        ) as persons""",
    )
    assert [Decimal(total[name]) for name in names] == pytest.approx(list(figures))
    assert figures[0] > 0 and figures[1] != 0 and 0 < figures[2] < figures[3]


def test_value_by_first_month_is_that_of_the_mart(
    house: Warehouse, conn: psycopg.Connection, tmp_path: Path
) -> None:
    parse_metrics(house)
    by_month = query_metrics(
        house, tmp_path, ["lifetime_value"], "--group-by", "metric_time__month"
    )
    held = ask(
        conn,
        """
        select to_char(first_paid_at at time zone 'UTC', 'YYYY-MM'), avg(ltv_historic)
        from marts_cross.learner_lifetime_value where orders_count > 0 group by 1""",
    )
    assert len(held) > 3
    found = {row["metric_time__month"][:7]: Decimal(row["lifetime_value"]) for row in by_month}
    assert found == pytest.approx(dict(held))

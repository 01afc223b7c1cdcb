"""The shop, meetings and proctoring: what the marts say of a simulated stream is what was in it.

The stream is noisy (late, repeated, out of order, broken, wrong clocks), arrives in three loads
and is built after each. Figures are held against the simulator's truth, and against a computation
with pandas where that truth has none.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
import pytest
from event_streams import load_messages
from psycopg import sql
from test_analyses import ask as answers
from test_analyses import compiled
from warehouse_fixtures import Warehouse

from ingest.build import NO_TESTS, NO_UNIT_TESTS
from ingest.dashboards.audiences import group
from ingest.simulate.noise import Message
from ingest.simulate.plan import Plan
from ingest.simulate.received import Received, text_of
from ingest.simulate.world import simulate, truth

PLAN = Plan(
    seed=48,
    events=30_000,
    days=10,
    late_share=0.02,
    duplicate_share=0.05,
    out_of_order_share=0.05,
    malformed_share=0.02,
    skew_share=0.02,
)
LOADS = 3
MARTS = tuple(f"path:models/marts/{domain}" for domain in ("commerce", "live", "proctoring"))
OURS = (*MARTS, *(mart.replace("marts", "intermediate") for mart in MARTS))
PEOPLE_TOO = ("pseudonyms", "dim_learner")
GAP = pd.Timedelta(minutes=30)
LOOKBACK = pd.Timedelta(days=30)
SEARCH = ("google.com", "duckduckgo.com", "bing.com")
NOBODY = ("shop.example.org", "checkout.stripe.com")  # referrers that bring nobody
# Who a pseudonym is, in the words of the truth.
PEOPLE = """(
    select student_hash, source_system || ':' || source_user_id as person from vault.pseudonyms
) as people"""


@pytest.fixture(scope="module")
def stream() -> list[Message]:
    return list(simulate(PLAN))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return truth(PLAN)


@pytest.fixture(scope="module")
def shop(stream: list[Message], new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """The sample site and the stream, loaded and built piece by piece, and tested at the end."""
    warehouse = new_warehouse("shop_warehouse")
    ancestors = tuple(f"+{mart}" for mart in MARTS)
    size = len(stream) // LOADS + 1
    for number in range(LOADS):
        with psycopg.connect(warehouse.dsn) as conn:
            load_messages(conn, stream[number * size : (number + 1) * size])
        warehouse.run("build", "--select", *(OURS if number else ancestors), *PEOPLE_TOO, *NO_TESTS)
    return warehouse


@pytest.fixture
def conn(shop: Warehouse) -> Iterator[psycopg.Connection]:
    with shop.connect() as connection:
        yield connection


def ask(conn: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return conn.execute(query.encode()).fetchall()


# ---------- the same stream with pandas


@pytest.fixture(scope="module")
def events(stream: list[Message]) -> pd.DataFrame:
    """What happened in the shop, one row per event and product, with the number of the session."""
    received = Received((m.topic, m.value, m.produced_at) for m in stream)
    rows = [
        {
            "topic": event.topic,
            "event_id": event.event_id,
            "person": event.person,
            "at": event.at,
            "kind": event.payload.get("event_kind", "add"),
            "referrer": event.payload.get("referrer"),
            "product": product,
        }
        for event in received.of("clicks", "cart", "purchase")
        for product in sorted(
            {item["product_id"] for item in event.payload.get("items", [event.payload])}
        )
    ]
    frame = pd.DataFrame(rows).sort_values(["person", "at", "event_id"], ignore_index=True)
    follows = (frame.person == frame.person.shift()) & (frame["at"] - frame["at"].shift() <= GAP)
    frame["session"] = (~follows).cumsum()
    return frame


@pytest.fixture(scope="module")
def funnel(events: pd.DataFrame) -> pd.DataFrame:
    """First times of the steps per session and product, in order."""
    steps = events[~((events.topic == "cart") & (events.kind == "remove"))]
    keys = ["session", "product"]

    def first(topic: str, after: "pd.Series[pd.Timestamp] | None" = None) -> Any:
        chosen = steps[steps.topic == topic]
        if after is not None:
            chosen = chosen.join(after.rename("after"), on=keys)
            chosen = chosen[chosen.after.isna() | (chosen["at"] >= chosen.after)]
        return chosen.groupby(keys)["at"].min()

    frame = pd.DataFrame(index=steps.groupby(keys).size().index)
    frame["clicked"] = first("clicks")
    frame["carted"] = first("cart", frame.clicked)
    frame["purchased"] = first("purchase", frame.carted)
    # who looked and has no cart after it has not ordered in this order either
    frame.loc[frame.carted.isna() & frame.clicked.notna(), "purchased"] = pd.NaT
    entered = steps[steps.topic != "clicks"].groupby(keys)["at"].min().reindex(frame.index)
    frame["direct"] = frame.clicked.isna() | (entered < frame.clicked)
    return frame


def touches_of(events: pd.DataFrame) -> pd.DataFrame:
    """Channel and time of each touch: per session its start, and the first of each referrer."""
    once = events.drop_duplicates(["session", "event_id"])
    domain = once.referrer.str.extract(r"//(?:www\.)?([^/?]+)")[0]
    domain = domain.mask(domain.isin(NOBODY))
    is_start = ~once.session.duplicated()
    touches = once.assign(domain=domain.fillna("-"))[is_start | domain.notna()]
    touches = touches.drop_duplicates(["session", "domain"])
    channel = touches.domain.map({"-": "direct", "mail.example.com": "email"})
    search = touches.domain.isin(SEARCH)
    return touches.assign(channel=channel.mask(search, "search").fillna("referral"))


# ---------- the shop


@pytest.mark.thorough  # in the demo they run on another stream
def test_every_test_of_these_marts_passes_on_the_stream(shop: Warehouse) -> None:
    # not those that lead from marts which were not built to a dimension of the shop
    options = ("--indirect-selection", "cautious", *NO_UNIT_TESTS)
    shop.run("test", "--select", *OURS, *options)


def test_sessions_of_the_shop_are_those_of_the_stream(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = ask(
        conn,
        f"""
        select people.person, s.session_start, s.session_end, s.events_count
        from intermediate.int_commerce__sessions as s
        join {PEOPLE} on people.student_hash = s.visitor_hash order by 1, 2""",
    )
    assert [[who, text_of(start), text_of(end), n] for who, start, end, n in found] == sorted(
        expected["shop"]["sessions"]
    )


def test_records_that_are_repeated_broken_or_misdated_are_counted_apart(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    for fact, topic in (("clicks", "clicks"), ("cart", "cart"), ("orders", "purchase")):
        [counts] = ask(
            conn,
            f"select count(*), count(*) filter (where is_misdated) from marts_commerce.fact_{fact}",
        )
        tally = expected["topics"][topic]
        assert counts == (tally["events"], tally["misdated"])
        assert tally["duplicates"] > 0


def test_cart_changes_are_told_by_kind(conn: psycopg.Connection, expected: dict[str, Any]) -> None:
    found = ask(
        conn,
        "select event_kind, count(*) from marts_commerce.fact_cart"
        " where not is_misdated group by 1",
    )
    assert dict(found) == expected["shop"]["cart_changes"]
    # either sign takes out
    [removals] = ask(
        conn,
        "select max(quantity_change), bool_or(quantity > 0), bool_or(quantity < 0)"
        " from marts_commerce.fact_cart where event_kind = 'remove'",
    )
    assert removals[0] < 0
    assert removals[1:] == (True, True)


def test_orders_and_revenue_of_every_currency_are_exact(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = ask(
        conn,
        """
        select currency, count(*), sum(item_count), sum(total_amount), sum(total_amount_minor),
            max(iso_exponent), bool_and(is_total_consistent)
        from marts_commerce.fact_orders
        join marts_commerce.dim_currency using (currency_key, currency)
        where not is_misdated group by 1""",
    )
    orders = expected["shop"]["orders"]
    assert {"EUR", "JPY", "KWD"} <= set(orders)
    assert {row[0]: row[1:4] for row in found} == {
        currency: (figures["orders"], figures["items"], Decimal(figures["revenue"]))
        for currency, figures in orders.items()
    }
    for _, _, _, revenue, minor, exponent, is_consistent in found:
        assert minor == revenue * 10**exponent
        assert is_consistent


def test_the_funnel_is_that_of_the_truth(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    [found] = ask(
        conn,
        """
        select count(clicked_at), count(carted_at) filter (where clicked_at is not null),
            count(purchased_at) filter (where clicked_at is not null),
            count(*) filter (where entry = 'direct')
        from marts_commerce.fact_funnel_session""",
    )
    steps = expected["shop"]["funnel"]
    assert found == tuple(steps[step] for step in ("clicked", "carted", "purchased", "direct"))
    assert min(found) > 0


def test_every_step_of_the_funnel_has_the_time_that_pandas_finds(
    conn: psycopg.Connection, funnel: pd.DataFrame
) -> None:
    found = ask(
        conn,
        """
        select product_id, clicked_at, carted_at, purchased_at, entry = 'direct', furthest_step
        from marts_commerce.fact_funnel_session""",
    )
    steps = funnel[["clicked", "carted", "purchased"]].astype(object)
    times = steps.where(steps.notna(), None)
    computed = Counter(
        (product, *row, direct, _furthest(row))
        for (_, product), row, direct in zip(
            funnel.index, times.itertuples(index=False, name=None), funnel.direct, strict=True
        )
    )
    assert Counter(found) == computed


def _furthest(steps: tuple[Any, ...]) -> str:
    _, carted, purchased = steps
    return "purchase" if purchased is not None else "cart" if carted is not None else "click"


def test_credit_of_every_channel_is_what_pandas_finds(
    conn: psycopg.Connection, events: pd.DataFrame
) -> None:
    orders = events[events.topic == "purchase"].drop_duplicates("event_id")
    pairs = orders.merge(touches_of(events), on="person", suffixes=("", "_of_touch"))
    before = pairs.at_of_touch <= pairs["at"]
    in_time = (pairs["at"] - pairs.at_of_touch <= LOOKBACK) | (
        pairs.session == pairs.session_of_touch
    )
    pairs = pairs[before & in_time].sort_values(["event_id", "at_of_touch"])
    of_order = pairs.groupby("event_id")
    first = of_order.channel.first().value_counts()
    last = of_order.channel.agg(_last_not_direct).value_counts()
    linear = (1 / of_order.channel.transform("size")).groupby(pairs.channel).sum()

    found = ask(
        conn,
        """
        select channel, sum(weight_first)::float, sum(weight_last)::float,
            sum(weight_linear)::float
        from marts_commerce.fact_attribution_touch group by 1""",
    )
    assert {channel for channel, *_ in found} == {"direct", "search", "email", "referral"}
    by_channel = {channel: weights for channel, *weights in found}
    for channel, weights in by_channel.items():
        expected = [first.get(channel, 0), last.get(channel, 0), linear[channel]]
        assert weights == pytest.approx(expected, abs=1e-3)


def _last_not_direct(channels: "pd.Series[str]") -> str:
    return next((channel for channel in channels[::-1] if channel != "direct"), "direct")


def test_carts_end_with_an_order_or_a_day_of_silence(
    conn: psycopg.Connection, events: pd.DataFrame
) -> None:
    changes = events[events.topic != "clicks"].drop_duplicates("event_id")
    previous = changes.groupby("person")
    follows = (changes["at"] - previous["at"].shift() <= pd.Timedelta(hours=24)) & (
        previous.topic.shift() == "cart"
    )
    carts = changes.groupby((~follows).cumsum().rename("cart"))
    computed = pd.DataFrame(
        {
            "changes": carts.topic.agg(lambda topic: int((topic == "cart").sum())),
            "bought": carts.topic.agg(lambda topic: bool((topic == "purchase").any())),
        }
    )
    computed = computed[computed.changes > 0]
    [found] = ask(
        conn,
        """
        select count(*), sum(changes_count), count(*) filter (where is_purchased)
        from marts_commerce.fact_shopping_cart""",
    )
    assert found == (len(computed), computed.changes.sum(), computed.bought.sum())
    [abandoned] = ask(
        conn, "select count(*) from marts_commerce.fact_shopping_cart where is_abandoned"
    )
    assert 0 < abandoned[0] <= (~computed.bought).sum()


def test_every_order_is_credited_whatever_the_model(shop: Warehouse) -> None:
    rows = _answers(shop, "channels_that_sell")
    with shop.connect() as conn:
        orders = ask(
            conn,
            "select currency, count(*), sum(total_amount) from marts_commerce.fact_orders"
            " where not is_misdated group by 1",
        )
    for currency, count, revenue in orders:
        of_currency = [row for row in rows if row["currency"] == currency]
        for model in ("first", "last", "linear"):
            credited = sum(row[f"orders_{model}"] for row in of_currency)
            assert credited == pytest.approx(count, abs=Decimal("0.3"))  # one digit a channel
            assert sum(row[f"revenue_{model}"] for row in of_currency) == pytest.approx(
                revenue, abs=Decimal("0.05")
            )


def test_the_funnel_of_products_adds_up_to_that_of_the_truth(
    shop: Warehouse, expected: dict[str, Any]
) -> None:
    rows = _answers(shop, "shop_funnel_by_product")
    with shop.connect() as conn:
        [staff] = ask(
            conn,
            """
            select count(clicked_at), count(carted_at) filter (where clicked_at is not null),
                count(purchased_at) filter (where clicked_at is not null),
                count(*) filter (where entry = 'direct')
            from marts_commerce.fact_funnel_session
            join marts_commerce.dim_user using (user_key) where is_staff or is_test_user""",
        )
    assert staff[0] > 0
    columns = ("clicked", "carted", "purchased", "direct_entries")
    steps = ("clicked", "carted", "purchased", "direct")
    for column, step, of_staff in zip(columns, steps, staff, strict=True):
        known = expected["shop"]["funnel"][step]
        assert sum(row[column] for row in rows) == known - of_staff
    assert {"course-2", "bundle-science"} <= {row["product_id"] for row in rows}


@pytest.mark.parametrize(
    ("days", "others"), [pytest.param(7, 0.02, marks=pytest.mark.thorough), (0.02, 7)]
)
def test_visitors_who_order_within_days_of_a_look_are_those_that_pandas_finds(
    shop: Warehouse, conn: psycopg.Connection, events: pd.DataFrame, days: float, others: float
) -> None:
    window = () if days == 7 else ("--vars", f"{{funnel_window_days: {days}}}")
    rows = _answers(shop, "shop_funnel_within_days", *window)
    columns = ("clicked", "carted", "purchased", "direct_entries")
    found = {row["product_id"]: tuple(row[column] for column in columns) for row in rows}
    staff = ask(
        conn,
        f"""
        select people.person from marts_commerce.dim_user as u
        join {PEOPLE} on people.student_hash = u.visitor_hash where is_staff or is_test_user""",
    )
    visitors = events[~events.person.isin([person for (person,) in staff])]
    assert len(visitors) < len(events)
    assert found == _funnels_of_visitors(visitors, pd.Timedelta(days=days))
    assert all(sum(column) > 0 for column in zip(*found.values(), strict=True))
    # it matters that visits are joined, and for how long
    per_visit = visitors.assign(person=visitors.person + visitors.session.astype(str))
    assert found != _funnels_of_visitors(per_visit, pd.Timedelta(days=days))
    assert found != _funnels_of_visitors(visitors, pd.Timedelta(days=others))


def _funnels_of_visitors(
    events: pd.DataFrame, window: pd.Timedelta
) -> dict[str, tuple[int, int, int, int]]:
    """Visitors per product who looked, filled a cart and ordered in time, and came directly."""
    steps = events[~((events.topic == "cart") & (events.kind == "remove"))]
    funnels: dict[str, Counter[str]] = {}
    for (_, product), of_visitor in steps.groupby(["person", "product"]):
        looks, carts, orders = (
            list(of_visitor[of_visitor.topic == topic]["at"])
            for topic in ("clicks", "cart", "purchase")
        )
        funnels.setdefault(str(product), Counter()).update(
            clicked=bool(looks),
            carted=any(look <= cart <= look + window for look in looks for cart in carts),
            purchased=any(
                look <= cart <= order <= look + window
                for look in looks
                for cart in carts
                for order in orders
            ),
            direct=any(at < min(looks, default=at + window) for at in carts + orders),
        )
    return {
        product: (count["clicked"], count["carted"], count["purchased"], count["direct"])
        for product, count in funnels.items()
    }


def _answers(shop: Warehouse, name: str, *options: str) -> list[dict[str, Any]]:
    query = compiled(shop, name, *options)[name]
    with shop.connect() as conn:
        return answers(conn, query)


def test_anonymous_visitors_are_users_without_a_learner(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    visitors = {session[0] for session in expected["shop"]["sessions"]}
    found = ask(
        conn,
        """
        select u.is_anonymous, count(distinct u.visitor_hash), count(u.learner_key) = 0
        from intermediate.int_commerce__sessions as s
        join marts_commerce.dim_user as u using (user_key) group by 1""",
    )
    anonymous = sum(person.startswith("visitor:") for person in visitors)
    assert sorted(found) == [
        (False, len(visitors) - anonymous, False),
        (True, anonymous, True),
    ]


# ---------- meetings and proctoring


def test_meetings_and_who_was_there_are_those_of_the_stream(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = ask(
        conn,
        """
        select meeting_id, created_at, ended_at, is_imputed, unique_participants, visits_count
        from marts_live.fact_meeting order by 1""",
    )
    known = expected["meetings"]
    assert [row[0] for row in found] == [meeting["meeting_id"] for meeting in known]
    for (_, created, ended, is_imputed, people, visits), meeting in zip(found, known, strict=True):
        assert is_imputed == (meeting["ended_at"] is None)
        assert (people, visits) == (meeting["unique_participants"], meeting["joins"])
        if meeting["created_at"] and meeting["ended_at"]:
            told = min(meeting["created_at"], meeting["ended_at"])  # two clocks
            assert (text_of(created), text_of(ended)) == (told, meeting["ended_at"])
    assert 0 < sum(row[3] for row in found) < len(found)


def test_attendance_is_the_time_between_joining_and_leaving(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    found = ask(
        conn,
        f"""
        select p.meeting_id, people.person, sum(extract(epoch from p.left_at - p.joined_at))::float
        from marts_live.fact_meeting_participation as p
        join {PEOPLE} using (student_hash) group by 1, 2""",
    )
    attended = {
        (meeting["meeting_id"], person): seconds
        for meeting in expected["meetings"]
        for person, seconds in meeting["attended_seconds"].items()
    }
    assert {row[:2] for row in found} == set(attended)
    # of whoever did not leave a meeting without end the stream tells nothing
    told = {key: seconds for key, seconds in attended.items() if seconds is not None}
    assert 0 < len(told) < len(attended)
    assert {row[:2]: row[2] for row in found if row[:2] in told} == pytest.approx(told)


def test_the_last_review_of_every_violation_stands(
    conn: psycopg.Connection, expected: dict[str, Any]
) -> None:
    counted = "select {0}, count(*) from marts_proctoring.fact_proctoring_violation {1} group by 1"
    right = "where not is_misdated"
    known = expected["proctoring"]
    severities = dict(ask(conn, counted.format("severity::text", right)))
    assert severities == known["by_severity"]
    assert dict(ask(conn, counted.format("reviewed_outcome", right))) == known["by_outcome"]
    assert set(known["by_outcome"]) == {"pending", "upheld", "dismissed"}


@pytest.fixture
def roles(shop: Warehouse) -> Iterator[tuple[str, ...]]:
    """Names of roles that nothing was granted to, the last one that of the dashboard's readers."""
    names = ("proctoring_reader", "somebody_else", group("admin"))
    with shop.connect() as conn:
        for name in names:
            conn.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
    yield names
    with shop.connect() as conn:
        for name in names:
            role = sql.Identifier(name)
            for what in ("schema marts_proctoring", "all tables in schema marts_proctoring"):
                conn.execute(sql.SQL("revoke all on {} from {}").format(sql.SQL(what), role))
            conn.execute(sql.SQL("drop role {}").format(role))


def test_proctoring_is_read_by_the_roles_that_were_named_and_nobody_else(
    shop: Warehouse, roles: tuple[str, ...]
) -> None:
    """And by the restricted dashboard's own, whom a build after `make superset` finds."""
    named = ("--vars", "{proctoring_roles: [proctoring_reader]}")
    assert [_may_read_proctoring(shop, role) for role in roles] == [False, False, False]
    shop.run("run", "--select", MARTS[2], *named)
    assert [_may_read_proctoring(shop, role) for role in roles] == [True, False, True]
    shop.run("test", "--select", "proctoring_is_open_to_nobody_else", *named)
    # who is named no longer is let in no longer
    assert not shop.dbt("test", "--select", "proctoring_is_open_to_nobody_else").success
    shop.run("run", "--select", MARTS[2])
    assert [_may_read_proctoring(shop, role) for role in roles] == [False, False, True]
    shop.run("test", "--select", "proctoring_is_open_to_nobody_else")


def _may_read_proctoring(shop: Warehouse, role: str) -> bool:
    with shop.connect() as conn:
        row = conn.execute(
            """
            select has_schema_privilege(%(role)s, 'marts_proctoring', 'usage')
                and bool_and(has_table_privilege(%(role)s, oid, 'select'))
            from pg_class where relnamespace = 'marts_proctoring'::regnamespace and relkind = 'r'
            """,
            {"role": role},
        ).fetchone()
    return bool(row and row[0])


def test_an_open_schema_is_noticed(shop: Warehouse) -> None:
    with shop.connect() as conn:
        conn.execute("grant select on marts_proctoring.fact_proctoring_violation to public")
    try:
        assert not shop.dbt("test", "--select", "proctoring_is_open_to_nobody_else").success
    finally:
        with shop.connect() as conn:
            conn.execute("revoke select on marts_proctoring.fact_proctoring_violation from public")

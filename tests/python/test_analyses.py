"""Every analysis runs, answers something on the sample, is described, and some answers are held."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import yaml
from psycopg.rows import dict_row
from warehouse_fixtures import Warehouse

from ingest.settings import PROJECT_DIR

ANALYSES = sorted(path.stem for path in (PROJECT_DIR / "analyses").glob("*.sql"))
DESCRIBED = {
    analysis["name"]: analysis
    for analysis in yaml.safe_load((PROJECT_DIR / "analyses" / "_analyses.yml").read_text())[
        "analyses"
    ]
}
# what legitimately has no answer on the sample, and why
EMPTY = {
    "before_and_after_a_change": "the sample is loaded once, so no activity has a second version",
    "channels_that_sell": "the sample has no shop: see test_commerce_marts",
    "shop_funnel_by_product": "the sample has no shop: see test_commerce_marts",
    "shop_funnel_within_days": "the sample has no shop: see test_commerce_marts",
}
# no name, address or account id of a person may be in an answer
IDENTITIES = {"user_id", "username", "firstname", "lastname", "email", "ip"}
Rows = list[dict[str, Any]]


def compiled(warehouse: Warehouse, select: str, *options: str) -> dict[str, str]:
    """Name -> SQL of the selected analyses."""
    outcome: Any = warehouse.dbt("compile", "--select", select, *options)
    assert outcome.success, outcome.exception
    return {
        result.node.name: result.node.compiled_code
        for result in outcome.result
        if result.node.resource_type == "analysis"
    }


def ask(conn: psycopg.Connection, query: str, parameters: Sequence[Any] | None = None) -> Rows:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()


@contextmanager
def pretending(conn: psycopg.Connection, *changes: LiteralString) -> Iterator[None]:
    """Changes to the marts for the length of a block; the warehouse stays as it was."""
    with conn.transaction(force_rollback=True):
        for change in changes:
            conn.execute(change)
        yield


@pytest.fixture(scope="module")
def queries(warehouse: Warehouse) -> dict[str, str]:
    return compiled(warehouse, "resource_type:analysis")


@pytest.fixture
def conn(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        yield connection


# ---------- house rules


def test_the_project_knows_every_analysis(queries: dict[str, str]) -> None:
    assert sorted(queries) == ANALYSES
    assert len(ANALYSES) >= 8
    assert set(EMPTY) <= set(ANALYSES)


@pytest.mark.parametrize("name", ANALYSES)
def test_an_analysis_runs_answers_and_is_described(
    conn: psycopg.Connection, queries: dict[str, str], name: str
) -> None:
    cursor = conn.execute(queries[name].encode())
    rows = cursor.fetchall()
    assert bool(rows) != (name in EMPTY)
    columns = [column.name for column in cursor.description or []]
    described = DESCRIBED[name]
    assert [column["name"] for column in described["columns"]] == columns
    assert all(column["description"] for column in described["columns"])
    assert not IDENTITIES & set(columns)


def test_every_analysis_is_described_by_its_question() -> None:
    assert sorted(DESCRIBED) == ANALYSES
    wrong = [
        name
        for name in ANALYSES
        if not question(name).endswith("?") or "sked by" not in DESCRIBED[name]["description"]
    ]
    assert wrong == []


def test_analyses_read_no_layer_below_the_intermediate_one(warehouse: Warehouse) -> None:
    layers = {
        node.unique_id: Path(node.original_file_path).parts[1]
        for node in warehouse.manifest.nodes.values()
        if node.resource_type == "model"
    }
    wrong = [
        f"{node.name} reads {parent}"
        for node in warehouse.manifest.nodes.values()
        if node.resource_type == "analysis"
        for parent in node.depends_on.nodes
        if layers.get(parent, parent.split(".")[0]) not in ("marts", "intermediate", "snapshot")
    ]
    assert wrong == []


# ---------- answers


def test_nobody_is_counted_twice_in_the_category_tree(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    rows = ask(conn, queries["category_tree_activity"])
    whole = rows[0]
    [expected] = ask(
        conn,
        """
        select count(distinct s.student_hash) as learners,
            count(distinct s.student_hash) filter (where e.is_engagement_event) as active,
            count(distinct (s.student_hash, s.course_id)) filter (where s.completion_flag) as done,
            sum(e.dwell_seconds) filter (where not e.is_login_as) as seconds
        from marts_learning.fact_course_completion as s
        left join marts_learning.fact_learning_event as e using (student_hash, course_id)
        where s.is_student
        """,
    )
    assert (whole["category_id"], whole["courses_count"]) == (None, 8)
    assert whole["learners_count"] == expected["learners"]
    assert whole["active_learners_count"] == expected["active"]
    assert whole["completions_count"] == expected["done"] == 19
    # time adds up, people do not: many learn in several branches
    top = [row for row in rows if row["depth"] == 1]
    assert whole["time_spent_seconds"] == sum(row["time_spent_seconds"] for row in top)
    assert whole["time_spent_seconds"] == expected["seconds"]
    assert whole["learners_count"] < sum(row["learners_count"] for row in top)
    # every row stands below its parent
    names = [row["category"] for row in rows]
    assert names.index("        History") == names.index("    Humanities") + 1


def test_the_catalogue_of_today_is_the_current_one(
    warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    today = date.today() + timedelta(days=1)
    query = compiled(warehouse, "catalogue_as_of", "--vars", f"{{as_of: '{today}'}}")
    rows = ask(conn, query["catalogue_as_of"])
    expected = ask(
        conn,
        """
        select c.course_id, c.fullname, k.name as category, c.is_visible, c.list_price
        from marts_learning.dim_course as c
        left join marts_learning.dim_course_category as k using (category_key)
        where c.is_current and c.is_known and not c.is_deleted and not c.is_site_page
        """,
    )
    found = [{key: row[key] for key in expected[0]} for row in rows]
    assert sorted(found, key=by_course) == sorted(expected, key=by_course)
    assert {row["since_then"] for row in rows} == {"unchanged"}


def test_the_catalogue_of_a_past_day_has_the_versions_of_that_day(
    warehouse: Warehouse, conn: psycopg.Connection
) -> None:
    """A price is raised at midnight, one course goes, one comes; seen from the evening before."""
    query = compiled(warehouse, "catalogue_as_of", "--vars", "{as_of: '2025-10-01'}")
    with pretending(
        conn,
        """create temp table then_and_now on commit drop as
        select * from marts_learning.dim_course where course_id in (2, 3) and is_current""",
        """update marts_learning.dim_course set valid_to = '2025-10-02 00:00+00',
            is_current = false where course_id in (2, 3) and is_current""",
        """update then_and_now set course_key = course_key || 'x', list_price = 99,
            valid_from = '2025-10-02 00:00+00', is_deleted = course_id = 3""",
        "insert into marts_learning.dim_course select * from then_and_now",
        # the log tells when course 4 was made
        """update marts_learning.fact_learning_event set ts = '2025-10-02 00:00+00'
        where event_name = '\\core\\event\\course_created' and course_id = 4""",
    ):
        rows = ask(conn, query["catalogue_as_of"])
    since = {row["course_id"]: row["since_then"] for row in rows}
    price = {row["course_id"]: row["list_price"] for row in rows}
    assert since == {
        2: "changed: price",
        3: "gone since",
        4: "new since",
        **dict.fromkeys(range(5, 10), "unchanged"),
    }
    assert price[2] is None


def test_the_strategies_have_their_totals_and_agree_on_who_learned_most(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    rows = ask(conn, queries["time_on_task_by_strategy"])
    totals = {row["strategy"]: row["total_seconds"] for row in rows}
    totals |= {row["other_strategy"]: row["other_total_seconds"] for row in rows}
    assert totals == {"gap_cap": 950274, "gap_drop": 687474, "session_span": 1174007}
    seconds = ask(
        conn,
        """
        select sum(gap_cap_seconds) as gap_cap, sum(gap_drop_seconds) as gap_drop,
            sum(session_span_seconds) as session_span
        from intermediate.int_learning__time_on_task_by_strategy group by student_hash
        """,
    )
    for row in rows:
        expected = spearman(
            [person[row["strategy"]] for person in seconds],
            [person[row["other_strategy"]] for person in seconds],
        )
        assert row["rank_correlation"] == pytest.approx(Decimal(expected), abs=Decimal("0.0001"))


def test_streaks_are_the_ones_counted_day_by_day(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    rows = ask(conn, queries["gaps_and_islands_streaks"])
    today = date(2025, 10, 31)
    for row in rows:
        days = {
            day["date"]
            for day in ask(
                conn,
                """select date from marts_learning.student_daily_activity
                where student_hash = %s and engagement_events_count > 0""",
                [row["student_hash"]],
            )
        }
        mondays = {day - timedelta(days=day.weekday()) for day in days}
        monday = today - timedelta(days=today.weekday())
        found = (
            row["active_days"],
            row["longest_streak_days"],
            row["current_streak_days"],
            row["active_weeks"],
            row["longest_streak_weeks"],
            row["current_streak_weeks"],
        )
        assert found == (*streaks(days, today, 1), *streaks(mondays, monday, 7))
        span = row["longest_streak_end_date"] - row["longest_streak_start_date"]
        assert span.days + 1 == row["longest_streak_days"]
        assert {row["longest_streak_start_date"], row["longest_streak_end_date"]} <= days


def test_the_months_of_the_funnel_add_up_to_the_funnel(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    found: dict[tuple[int, int], int] = {}
    for row in ask(conn, queries["course_funnel_by_cohort"]):
        key = (row["course_id"], row["step_no"])
        found[key] = found.get(key, 0) + row["learners_count"]
    expected = ask(conn, "select * from marts_learning.course_funnel where step_no <= 6")
    assert found == {(row["course_id"], row["step_no"]): row["learners_count"] for row in expected}


def test_a_week_that_is_not_over_has_no_retention(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    for row in ask(conn, queries["cohort_retention_triangle"]):
        over = (date(2025, 10, 31) - row["cohort_start_date"]).days // 7
        known = [row[f"week_{week}"] is not None for week in range(9)]
        assert known == [week < over for week in range(9)]


def test_every_hand_in_is_in_one_slot(conn: psycopg.Connection, queries: dict[str, str]) -> None:
    rows = ask(conn, queries["deadline_rush"])
    [expected] = ask(
        conn,
        """
        select count(*) as hand_ins, count(*) filter (where is_late) as late
        from marts_learning.fact_assignment_submission
        where is_submitted and due_at is not null and not is_deleted
        """,
    )
    late = sum(row["bucket_count"] for row in rows if row["bucket_no"] > 6)
    assert sum(row["bucket_count"] for row in rows) == expected["hand_ins"] == 135
    assert late == expected["late"]
    assert {row["running_share"] for row in rows if row["bucket_no"] == 8} == {1}


def test_quarters_of_a_first_week_are_quarters_of_each_course(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    rows = ask(conn, queries["first_week_predicts_completion"])
    whole = {row["quartile"]: row for row in rows if row["course_id"] is None}
    assert sorted(whole) == [1, 2, 3, 4]
    for course in {row["course_id"] for row in rows} - {None}:
        quarters = [row for row in rows if row["course_id"] == course]
        sizes = [row["learners_count"] for row in quarters]
        assert max(sizes) - min(sizes) <= 1
        for lower, upper in pairwise(quarters):
            assert lower["most_seconds"] <= upper["least_seconds"]
    for quartile, row in whole.items():
        parts = [part for part in rows if part["quartile"] == quartile and part["course_id"]]
        for count in ("learners_count", "completed_count", "graded_count"):
            assert row[count] == sum(part[count] for part in parts)
    # nobody on the sample completed a course in the first week
    [expected] = ask(
        conn,
        """
        select count(*) as completed from marts_learning.fact_course_completion as c
        join marts_learning.dim_learner as l using (student_hash)
        where l.is_current and not l.is_deleted and not l.is_suspended and not l.is_test_user
            and c.is_student and c.completion_flag and c.started_at is not null
        """,
    )
    assert sum(row["completed_count"] for row in whole.values()) == expected["completed"]


def test_no_question_of_a_course_is_harder_than_the_hardest(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    expected = ask(
        conn,
        """
        select course_id, round(min(facility_index), 4) as facility
        from marts_learning.question_item_statistics where attempt_scope = 'first' group by 1
        """,
    )
    rows = ask(conn, queries["hardest_questions"])
    found = {(row["course_id"], row["facility_index"]) for row in rows if row["hardest_rank"] == 1}
    assert found == {(row["course_id"], row["facility"]) for row in expected}
    # the sample has no question with enough attempts to judge its discrimination
    verdicts = {row["verdict"] for row in rows}
    assert verdicts == {"too few attempts", "too few attempts for discrimination"}


def test_every_discussion_is_answered_by_somebody_or_nobody(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    rows = ask(conn, queries["who_answers_in_the_forum"])
    for row in rows:
        answers = ("teacher_first_count", "peer_first_count", "unanswered_count")
        assert sum(row[answer] for answer in answers) == row["asked_count"]
    [expected] = ask(
        conn,
        """
        select count(*) as replies from marts_learning.fact_forum_post as p
        join marts_learning.fact_forum_post as q on p.parent_id = q.post_id
        where p.student_hash != q.student_hash and not p.is_deleted and not q.is_deleted
        """,
    )
    assert sum(row["replies_count"] for row in rows) == expected["replies"]


def test_a_changed_activity_is_compared_with_the_rest_of_its_course(
    conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    """A quiz gets a later deadline on 1 October; two weeks on each side are covered."""
    with pretending(
        conn,
        """create temp table after_change on commit drop as
        select * from marts_learning.dim_activity where activity_id = 71""",
        """update marts_learning.dim_activity set valid_to = '2025-10-01 00:00+00',
            is_current = false where activity_id = 71""",
        """update after_change set activity_key = activity_key || 'x',
            due_at = '2025-10-20 00:00+00', valid_from = '2025-10-01 00:00+00'""",
        "insert into marts_learning.dim_activity select * from after_change",
    ):
        [row] = ask(conn, queries["before_and_after_a_change"])
    [expected] = ask(
        conn,
        """
        select
            count(*) filter (where ts < '2025-10-01') as before,
            count(*) filter (where ts >= '2025-10-01') as after,
            count(distinct student_hash) filter (where ts >= '2025-10-01') as people
        from marts_learning.fact_learning_event
        where activity_id = 71 and is_engagement_event
            and ts between '2025-09-17 00:00+00' and '2025-10-15 00:00+00'
        """,
    )
    assert (row["activity_id"], row["changed"]) == (71, "deadline")
    assert (row["days_before"], row["days_after"]) == (14, 14)
    assert row["daily_events_before"] == round(Decimal(expected["before"]) / 14, 2)
    assert row["daily_events_after"] == round(Decimal(expected["after"]) / 14, 2)
    assert row["people_after"] == expected["people"]
    assert row["change_ratio"] == round(Decimal(expected["after"]) / expected["before"], 4)


def test_a_teacher_sees_only_the_own_courses(
    warehouse: Warehouse, conn: psycopg.Connection, queries: dict[str, str]
) -> None:
    expected = ask(
        conn,
        """
        select t.student_hash as teacher, r.student_hash as learner
        from marts_learning.at_risk_learners as r
        join marts_learning.bridge_course_instructor as t using (course_id)
        where t.is_current and t.student_hash != r.student_hash
        group by 1, 2
        """,
    )
    rows = ask(conn, queries["teacher_call_list"])
    found = {(row["instructor_hash"], row["student_hash"]) for row in rows}
    assert len(found) == len(rows)
    assert found == {(row["teacher"], row["learner"]) for row in expected}
    assert all(row["reasons"] for row in rows)
    # one teacher's list is that part of the whole
    teacher = rows[0]["instructor_hash"]
    query = compiled(warehouse, "teacher_call_list", "--vars", f"{{instructor_hash: {teacher}}}")
    mine = ask(conn, query["teacher_call_list"])
    assert mine == [row for row in rows if row["instructor_hash"] == teacher]


# ---------- the references


def question(name: str) -> str:
    first = (PROJECT_DIR / "analyses" / f"{name}.sql").read_text().splitlines()[0]
    return first if first.startswith("-- ") else ""


def by_course(row: dict[str, Any]) -> int:
    course: int = row["course_id"]
    return course


def streaks(days: set[date], today: date, step: int) -> tuple[int, int, int]:
    """Number of days, longest run, run that ends today or one step before."""

    def run(day: date) -> int:
        length = 0
        while day in days:
            length, day = length + 1, day - timedelta(days=step)
        return length

    current = run(today) or run(today - timedelta(days=step))
    return len(days), max(map(run, days)), current


def spearman(xs: Sequence[int], ys: Sequence[int]) -> float:
    """Pearson's coefficient of the mean ranks."""

    def places(values: Sequence[int]) -> list[float]:
        return [
            sum(other < value for other in values) + sum(other == value for other in values) / 2
            for value in values
        ]

    a, b = places(xs), places(ys)
    mean = len(a) / 2
    covariance = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    spread = sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b)
    return float(covariance / spread**0.5)

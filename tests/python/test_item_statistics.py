"""Item and quiz statistics are those of Moodle, by two proofs.

Moodle's own test figures run through the models, and the sample site's statistics are computed
once more by plain loops over exact fractions.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from warehouse_fixtures import Warehouse

from ingest.warehouse.bootstrap import bootstrap

FIGURES = Path(__file__).parent / "moodle_quiz_statistics"
SCOPES = ("all", "first", "last", "best")
Statistics = dict[str, float | None]

# Moodle's figures of the whole quiz `walkthrough`; its own test is content with 1.5e-5
WALKTHROUGH: Statistics = {
    "n": 25,
    "median": 4.5,
    "avg": 4.617333332,
    "sd": 0.8117265554,
    "skewness": -0.092502502,
    "kurtosis": -0.7073968557,
    "cic": -87.2230935542,
    "error_ratio": 136.8294900795,
    "standard_error": 1.1106813066,
}
QUIZ_COLUMNS = (
    "avg",
    "median",
    "sd",
    "skewness",
    "kurtosis",
    "cic",
    "error_ratio",
    "standard_error",
)


# ---------- the reference: plain loops, fractions until the last step


def covariance(xs: Sequence[Fraction], ys: Sequence[Fraction]) -> Fraction | None:
    """Sample covariance (divisor n - 1); None for a single pair."""
    if len(xs) < 2:
        return None
    mean_x, mean_y = sum(xs, Fraction(0)) / len(xs), sum(ys, Fraction(0)) / len(ys)
    total = Fraction(0)
    for x, y in zip(xs, ys, strict=True):
        total += (x - mean_x) * (y - mean_y)
    return total / (len(xs) - 1)


def items_by_hand(
    attempts: Sequence[dict[int, Fraction]], max_marks: dict[int, Fraction]
) -> dict[int, Statistics]:
    """Slot -> statistics, from the marks by slot of every attempt (a slot may be missing)."""
    found: dict[int, Statistics] = {}
    roots: dict[int, float | None] = {}
    for slot, max_mark in max_marks.items():
        answered = [marks for marks in attempts if slot in marks]
        own = [marks[slot] for marks in answered]
        total = [Fraction(sum(marks.values())) for marks in answered]
        rest = [t - x for t, x in zip(total, own, strict=True)]
        variance, rest_variance = covariance(own, own), covariance(rest, rest)
        common, most = covariance(own, rest), covariance(sorted(own), sorted(rest))
        weight = covariance(own, total)
        roots[slot] = sqrt(weight) if weight is not None and weight >= 0 else None
        found[slot] = {
            "n": len(own),
            "facility_index": float(sum(own) / len(own) / max_mark) if max_mark else None,
            "sd": sqrt(variance) / float(max_mark) if variance is not None and max_mark else None,
            "discrimination_index": (
                100 * float(common) / sqrt(variance * rest_variance)
                if common is not None and variance and rest_variance
                else None
            ),
            "discriminative_efficiency": (
                float(100 * common / most) if common is not None and most else None
            ),
        }
    all_roots = sum(root for root in roots.values() if root is not None)
    all_marks = sum(max_marks.values())
    for slot, statistics in found.items():
        root = roots[slot]
        statistics["effective_weight"] = (
            100 * root / all_roots if root is not None and all_roots else None
        )
        statistics["intended_weight"] = (
            float(100 * max_marks[slot] / all_marks) if all_marks else None
        )
    return found


def quiz_by_hand(
    sums: Sequence[Fraction], attempts: Sequence[dict[int, Fraction]], slots: Sequence[int]
) -> Statistics:
    """Statistics of the whole quiz, from Moodle's sum of every attempt and its marks by slot."""
    n, k = len(sums), len(slots)
    mean, ordered = sum(sums) / n, sorted(sums)
    found: Statistics = dict.fromkeys(QUIZ_COLUMNS)
    found |= {"n": n, "avg": float(mean)}
    found["median"] = float((ordered[(n - 1) // 2] + ordered[n // 2]) / 2)
    k2 = covariance(sums, sums)
    if k2 is None:
        return found
    found["sd"] = sd = sqrt(k2)
    if n < 3 or not k2:
        return found
    m2, m3, m4 = (sum((x - mean) ** power for x in sums) / n for power in (2, 3, 4))
    found["skewness"] = float(n * n * m3 / ((n - 1) * (n - 2))) / float(k2) ** 1.5
    if n > 3:
        k4 = n * n * ((n + 1) * m4 - 3 * (n - 1) * m2 * m2) / ((n - 1) * (n - 2) * (n - 3))
        found["kurtosis"] = float(k4 / k2**2)
    if k > 1:
        variances = Fraction(0)
        for slot in slots:
            own = [marks[slot] for marks in attempts if slot in marks]
            variances += covariance(own, own) or 0
        cic = Fraction(100 * k, k - 1) * (1 - variances / k2)
        found["cic"] = float(cic)
        found["error_ratio"] = ratio = 100 * sqrt(1 - cic / 100)
        found["standard_error"] = ratio * sd / 100
    return found


def assert_close(actual: dict[str, Any], expected: Statistics, what: str) -> None:
    for name, value in expected.items():
        given = None if actual[name] is None else float(actual[name])
        assert given == (None if value is None else pytest.approx(value, rel=1e-6, abs=1e-6)), (
            f"{name} of {what}"
        )


# ---------- Moodle's own figures


@pytest.fixture(scope="module")
def moodle_figures(
    new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A warehouse that holds Moodle's two quizzes (1: walkthrough, 2: generated) and no more."""
    dsn = new_database("moodle_quiz_statistics")
    site = Warehouse(dsn, tmp_path_factory.mktemp("moodle_quiz_statistics") / "target")
    with psycopg.connect(dsn, autocommit=True) as conn:
        bootstrap(conn)
        conn.execute("create schema marts_learning")
        conn.execute(
            """
            create table marts_learning.fact_quiz_attempt (
                attempt_id bigint, course_id bigint, student_hash text, state text,
                is_counted boolean, is_deleted boolean, sum_marks numeric(10, 5),
                is_first_attempt boolean, is_last boolean, is_best boolean
            );
            create table marts_learning.fact_question_attempt (
                attempt_id bigint, quiz_id bigint, slot integer, question_id bigint,
                max_mark numeric(12, 7), mark numeric(12, 7), is_counted boolean, _load_id bigint
            );
            create table marts_learning.dim_question (
                question_key text, question_id bigint, question_bank_entry_id bigint,
                version bigint, qtype text, random_guess_score numeric
            );
            """
        )
        for quiz_id, quiz in enumerate(("walkthrough", "generated"), start=1):
            _load_figures(conn, quiz_id, quiz)
    for_people = ("path:models/marts/bi", "path:models/marts/secure")
    site.run("run", "--select", "int_learning__scored_slots+", "--exclude", *for_people)
    with psycopg.connect(dsn, row_factory=dict_row) as conn:
        yield conn


def _load_figures(conn: psycopg.Connection, quiz_id: int, quiz: str) -> None:
    max_marks = {row["slot"]: row["max_mark"] for row in _figures(f"{quiz}_expected")}
    for row in _figures(f"{quiz}_marks"):
        attempt_id = 1000 * quiz_id + int(row["attempt"])
        conn.execute(
            "insert into marts_learning.fact_quiz_attempt values"
            " (%s, 1, %s, 'finished', true, false, %s, true, true, true)",
            (attempt_id, f"person {attempt_id}", row["sum_marks"]),
        )
        for slot, max_mark in max_marks.items():
            conn.execute(
                "insert into marts_learning.fact_question_attempt values"
                " (%s, %s, %s, %s, %s, %s, true, 1)",
                (attempt_id, quiz_id, slot, 100 * quiz_id + int(slot), max_mark, row[slot]),
            )


def _figures(name: str) -> list[dict[str, str]]:
    with (FIGURES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("quiz_id, quiz", [(1, "walkthrough"), (2, "generated")])
def test_question_statistics_are_those_of_moodles_own_test(
    moodle_figures: psycopg.Connection[dict[str, Any]], quiz_id: int, quiz: str, scope: str
) -> None:
    items = {
        str(row["slot"]): row
        for row in moodle_figures.execute(
            "select * from marts_learning.question_item_statistics"
            " where quiz_id = %s and attempt_scope = %s",
            (quiz_id, scope),
        )
    }
    expected = _figures(f"{quiz}_expected")
    assert len(items) == len(expected)
    for row in expected:
        slot, max_mark = row.pop("slot"), float(row.pop("max_mark"))
        wanted: Statistics = {name: float(value) if value else None for name, value in row.items()}
        if wanted["sd"] is not None:  # Moodle's figure is in marks, its report and ours are not
            wanted["sd"] /= max_mark
        assert_close(items[slot], wanted, f"slot {slot} of {quiz}")


def test_quiz_statistics_are_those_of_moodles_own_test(
    moodle_figures: psycopg.Connection[dict[str, Any]],
) -> None:
    rows = moodle_figures.execute(
        "select * from marts_learning.quiz_statistics where quiz_id = 1"
    ).fetchall()
    assert len(rows) == len(SCOPES)
    for row in rows:
        assert_close(row, WALKTHROUGH, "walkthrough")


def test_the_reference_agrees_with_moodle_too() -> None:
    marks = _figures("walkthrough_marks")
    attempts = [{slot: Fraction(row[str(slot)]) for slot in range(1, 8)} for row in marks]
    sums = [Fraction(row["sum_marks"]) for row in marks]
    statistics = quiz_by_hand(sums, attempts, range(1, 8))
    assert_close(statistics, WALKTHROUGH, "walkthrough")
    items = items_by_hand(attempts, {slot: Fraction(1) for slot in range(1, 8)})
    for row in _figures("walkthrough_expected"):
        slot = int(row.pop("slot"))
        assert_close(items[slot], {k: float(v) for k, v in row.items() if k != "max_mark"}, "slot")


# ---------- the sample site


@pytest.fixture(scope="module")
def sample_quizzes(warehouse: Warehouse) -> dict[tuple[int, str], list[dict[str, Any]]]:
    """(quiz, scope) -> its attempts; who counts is found from numbers and marks, not from flags."""
    with psycopg.connect(warehouse.dsn, row_factory=dict_row) as conn:
        attempts = conn.execute(
            """
            select attempt_id, quiz_id, student_hash, attempt_no, sum_marks
            from marts_learning.fact_quiz_attempt
            where
                state = 'finished' and not is_preview and not is_deleted
                and student_hash is not null
            """
        ).fetchall()
        answers = defaultdict(list)
        for answer in conn.execute(
            """
            select answers.attempt_id, answers.slot, answers.max_mark, answers.mark
            from marts_learning.fact_question_attempt as answers
            left join marts_learning.dim_question as questions
                on answers.question_id = questions.question_id
            where not answers.is_deleted and questions.qtype is distinct from 'description'
            """
        ):
            answers[answer["attempt_id"]].append(answer)
    tried: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for attempt in sorted(attempts, key=lambda row: row["attempt_no"]):
        attempt["answers"] = answers[attempt["attempt_id"]]
        tried[attempt["quiz_id"], attempt["student_hash"]].append(attempt)
    found: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for (quiz_id, _), own in tried.items():
        # the first of equally good attempts is the best
        best = max(own, key=lambda row: -1 if row["sum_marks"] is None else row["sum_marks"])
        chosen = {"all": own, "first": own[:1], "last": own[-1:], "best": [best]}
        for scope, picked in chosen.items():
            found[quiz_id, scope] += [row for row in picked if row["sum_marks"] is not None]
    return {key: rows for key, rows in found.items() if rows}


@pytest.mark.parametrize("scope", SCOPES)
def test_the_sample_sites_statistics_are_those_of_plain_loops(
    warehouse: Warehouse,
    sample_quizzes: dict[tuple[int, str], list[dict[str, Any]]],
    scope: str,
) -> None:
    with psycopg.connect(warehouse.dsn, row_factory=dict_row) as conn:
        items = {
            (row["quiz_id"], row["slot"]): row
            for row in conn.execute(
                "select * from marts_learning.question_item_statistics where attempt_scope = %s",
                (scope,),
            )
        }
        quizzes = {
            row["quiz_id"]: row
            for row in conn.execute(
                "select * from marts_learning.quiz_statistics where attempt_scope = %s", (scope,)
            )
        }
    compared = 0
    for (quiz_id, of_scope), attempts in sample_quizzes.items():
        if of_scope != scope:
            continue
        max_marks = {
            answer["slot"]: Fraction(answer["max_mark"])
            for attempt in attempts
            for answer in attempt["answers"]
        }
        marks = [
            {answer["slot"]: Fraction(answer["mark"] or 0) for answer in attempt["answers"]}
            for attempt in attempts
        ]
        sums = [Fraction(attempt["sum_marks"]) for attempt in attempts]
        assert_close(
            quizzes.pop(quiz_id), quiz_by_hand(sums, marks, list(max_marks)), f"quiz {quiz_id}"
        )
        for slot, statistics in items_by_hand(marks, max_marks).items():
            assert_close(items.pop((quiz_id, slot)), statistics, f"slot {slot} of quiz {quiz_id}")
            compared += 1
    assert compared > 0
    assert not items and not quizzes, "statistics of attempts that do not count"

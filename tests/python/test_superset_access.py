"""Who sees what in Superset: as each audience, over the API, with queries of their own making."""

import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from superset_people import Asked, People, Person
from superset_server import Superset

from ingest.dashboards.spec import read_specs

Find = Callable[[str, str], Asked]
COURSES = ("courses-progress", "Courses at a glance")


def sql_metric(expression: str) -> dict[str, Any]:
    """A metric somebody writes instead of choosing one."""
    return {"expressionType": "SQL", "sqlExpression": expression, "label": "own"}


def courses_within(relation: str) -> str:
    """An expression that runs a query of its own, out of sight of who checks the outer one."""
    courses = "coalesce(string_agg(distinct ''course'' || {}, ''|''), ''none'')::tsquery"
    column = "course_id" if relation.startswith(("secure.secure", "marts_bi")) else "1"
    query = f"select ''x''::tsquery, {courses.format(column)} from {relation}"
    return f"ts_rewrite('x'::tsquery, '{query}')::text"


@pytest.fixture(scope="module")
def analyst(people: People) -> Person:
    return people.add("ada.analyst", "analyst")


@pytest.fixture(scope="module")
def engineer(people: People) -> Person:
    """An analyst by another name."""
    return people.add("dora.data", "data engineer")


@pytest.fixture(scope="module")
def accountant(people: People) -> Person:
    return people.add("finn.finance", "finance")


@pytest.fixture(scope="module")
def head(people: People) -> Person:
    return people.add("hana.head", "admin")


def test_everybody_sees_the_dashboards_of_the_own_audience(
    teachers: list[Person],
    analyst: Person,
    engineer: Person,
    accountant: Person,
    head: Person,
    manager: Person,
) -> None:
    for person, audience in (
        (head, "admin"),
        (engineer, "analyst"),
        (manager, "school admin"),
        (teachers[0], "teacher"),
        (analyst, "analyst"),
        (accountant, "finance"),
    ):
        seen = {dashboard["slug"] for dashboard in person.api.all("dashboard")}
        assert seen == {spec.address for spec in read_specs() if audience in spec.audience}
        for spec in read_specs():
            status = person.api.client.get(f"/dashboard/{spec.address}/charts").status_code
            assert (status == 200) == (audience in spec.audience), (audience, spec.slug, status)


@pytest.mark.parametrize("audience", ["teacher", pytest.param("admin", marks=pytest.mark.thorough)])
def test_the_warm_up_asks_every_chart_somebody_sees(
    superset: Superset, teachers: list[Person], audience: str
) -> None:
    """By the queries of the warm-up: whoever looks at charts in a browser sends others."""
    person = ("--as", teachers[0].login) if audience == "teacher" else ()
    done = superset.demo.run("dashboards", "warm", *person)
    assert done.returncode == 0, done.stderr
    seen = [s for s in read_specs() if audience in s.audience]
    charts = sum(1 + len(spec.charts) for spec in seen)  # and the tile above the tabs
    assert done.stdout.startswith(f"{charts} charts in ")
    assert done.stdout.count("\n") == 6, "the slowest five are named"


def test_teachers_see_the_own_courses_and_analysts_all(
    superset: Superset, teachers: list[Person], analyst: Person, head: Person, asked: Find
) -> None:
    """The analyst asks first: what is kept for one viewer is not shown to another."""
    query = asked(*COURSES).changed(columns=["course_id"])
    with superset.warehouse() as conn:
        every = {c for (c,) in conn.execute("select course_id from marts_bi.bi_course_group")}
    assert _column(analyst, query, "course_id") == every
    assert _column(head, query, "course_id") == every
    for person in (*teachers, teachers[0]):
        own = _column(person, query, "course_id")
        assert own == set(person.courses) & every
        assert own
    assert _column(analyst, query, "course_id") == every


def test_a_manager_sees_the_courses_below_the_own_category(
    superset: Superset, manager: Person, asked: Find
) -> None:
    query = asked(*COURSES).changed(columns=["course_id"])
    with superset.warehouse() as conn:
        every = {c for (c,) in conn.execute("select course_id from marts_bi.bi_course_group")}
    own = set(manager.courses) & every
    assert _column(manager, query, "course_id") == own
    assert 1 < len(own) < len(every)
    theirs = asked("executive", "Completion rate (%)").body
    assert manager.api.client.post("/chart/data", json=theirs).status_code == 403


def test_values_to_filter_by_are_those_of_the_own_courses(
    superset: Superset, teachers: list[Person], asked: Find
) -> None:
    for person in teachers:
        query = asked(*COURSES).changed(columns=["course_name"], metrics=[])
        names = _column(person, query, "course_name")
        with superset.warehouse() as conn:
            rows = conn.execute(
                "select course_name from marts_bi.bi_course_group where course_id = any(%s)",
                [person.courses],
            ).fetchall()
        assert names == {name for (name,) in rows}


@pytest.mark.parametrize(
    ("before", "is_own_shown"),
    [("''", True), ("set_config('coursehouse.viewer', '61.all.99999999999.00', false)", False)],
    ids=["a query within", "another viewer who is not signed"],
)
def test_sql_of_a_viewers_making_shows_no_other_course(
    superset: Superset, teachers: list[Person], asked: Find, before: str, is_own_shown: bool
) -> None:
    """Superset lets these functions through; the view itself asks who looks."""
    within = "{} || " + courses_within("secure.secure_course_group")
    metric = sql_metric(f"max({within.format(before)})")
    for person in teachers:
        (row,) = _data(person, asked(*COURSES).changed(metrics=[metric]))
        own = {str(course) for course in person.courses}
        assert set(re.findall(r"course(\d+)", row["own"])) == (own if is_own_shown else set())
    with superset.warehouse() as conn:  # the function does show what its reader may see
        query = f"select {courses_within('marts_bi.bi_course_group')}"
        (every,) = conn.execute(query.encode()).fetchone() or ("",)
    assert {str(c) for person in teachers for c in person.courses} < set(
        re.findall(r"course(\d+)", every)
    )


@pytest.mark.parametrize(
    "relation",
    [
        "marts_bi.bi_course_group",
        "marts_finance.fact_charge",
        "secure.bridge_viewer_course",
        "vault.viewer_key",
        "raw_moodle.mdl_user",
    ],
)
def test_a_teacher_reads_no_table_behind_the_views(
    teachers: list[Person], asked: Find, relation: str
) -> None:
    metric = sql_metric(f"max({courses_within(relation)})")
    answer = teachers[0].api.client.post(
        "/chart/data", json=asked(*COURSES).changed(metrics=[metric])
    )
    assert answer.status_code >= 400
    assert "permission denied" in answer.text


def test_conditions_of_a_viewers_making_do_not_end_the_rule(
    teachers: list[Person], asked: Find
) -> None:
    one, other = teachers
    for where in ("1 = 1) or (1 = 1", "1 = 1 or 1 = 1", "1 = 1) or true --"):
        answer = one.api.client.post(
            "/chart/data",
            json=asked(*COURSES).changed(columns=["course_id"], extras={"where": where}),
        )
        if answer.status_code == 200:
            found = {row["course_id"] for row in answer.json()["result"][0]["data"]}
            assert not found & (set(other.courses) - set(one.courses)), where


def test_a_name_made_to_break_out_of_the_rule_sees_nothing(people: People, asked: Find) -> None:
    query = asked(*COURSES).changed(columns=["course_id"])
    for login in ("x' OR '1'='1", "{{ 1 }}' or true --"):
        stranger = people.add(login, "teacher")
        assert _column(stranger, query, "course_id") == set()


def test_a_chart_of_another_dashboard_is_refused(
    teachers: list[Person], accountant: Person, asked: Find
) -> None:
    """Neither as it is, nor passed off as one of an own dashboard, nor without any."""
    theirs, own = asked("executive", "Completion rate (%)"), asked(*COURSES)
    forms: tuple[dict[str, Any], ...] = (theirs.body["form_data"], own.body["form_data"], {})
    for form in forms:
        body = theirs.body | {"form_data": form}
        assert teachers[0].api.client.post("/chart/data", json=body).status_code == 403
    body = own.body | {"form_data": asked("executive", "Completion rate (%)").body["form_data"]}
    assert accountant.api.client.post("/chart/data", json=body).status_code == 403


def test_only_analysts_have_sql_lab(
    superset: Superset,
    teachers: list[Person],
    analyst: Person,
    engineer: Person,
    accountant: Person,
    head: Person,
    manager: Person,
) -> None:
    databases = {d["database_name"]: d["id"] for d in superset.api().all("database")}
    body = {"database_id": databases["Warehouse (analyst)"], "runAsync": False}
    body |= {"sql": "select count(*) as n from marts_bi.bi_course_group"}
    for person in (teachers[0], accountant, head, manager):
        assert person.api.client.post("/sqllab/execute/", json=body).status_code == 403
    for person in (analyst, engineer):
        assert person.api.post("/sqllab/execute/", body)["data"][0]["n"] > 0
    # on the own connection only, and no further than that reads
    elsewhere = body | {"database_id": databases["Warehouse (teacher)"]}
    assert "was not found" in analyst.api.client.post("/sqllab/execute/", json=elsewhere).text
    vault = body | {"sql": "select * from vault.pseudonyms"}
    assert "permission denied" in analyst.api.client.post("/sqllab/execute/", json=vault).text


def test_nobody_but_administrators_administers(
    teachers: list[Person], analyst: Person, accountant: Person, head: Person, manager: Person
) -> None:
    for person in (teachers[0], analyst, accountant, head, manager):
        client = person.api.client
        assert client.get("/security/users/").status_code == 403
        assert client.post("/rowlevelsecurity/", json={}).status_code == 403
        assert client.post("/database/", json={}).status_code == 403
        assert client.post("/assets/import/").status_code == 403


def test_everybody_changes_the_own_password_and_no_other_right(
    superset: Superset, people: People
) -> None:
    person = people.add("paul.password", "teacher")
    new = secrets.token_urlsafe(12)
    person.api.client.put("/me/", json={"password": new}).raise_for_status()
    assert superset.api(person.login, new).get("/me/")["result"]["username"] == person.login
    with pytest.raises(AssertionError, match="401"):
        superset.api(person.login, person.password)
    for forbidden in ({"username": "admin"}, {"roles": [1]}):  # the name is whose courses are seen
        assert person.api.client.put("/me/", json=forbidden).status_code == 400


def test_every_dataset_about_courses_that_teachers_reach_has_the_rule(superset: Superset) -> None:
    api = superset.api()
    rule = api.get("/rowlevelsecurity/", q="(page_size:100)")["result"]
    (found,) = [api.get(f"/rowlevelsecurity/{r['id']}")["result"] for r in rule]
    ruled = {table["id"] for table in found["tables"]}
    secured = {d["id"] for d in api.all("dataset") if d["schema"] == "secure"}
    assert secured
    assert ruled == secured
    assert found["filter_type"] == "Base"
    assert {role["name"] for role in found["roles"]} == {
        "Admin",
        "Coursehouse admin",
        "Coursehouse analyst",
        "Coursehouse product manager",
        "Coursehouse data engineer",
        "Coursehouse ML engineer",
    }


def test_small_groups_are_blank_for_teachers(
    superset: Superset, people: People, analyst: Person, asked: Find
) -> None:
    with superset.warehouse() as conn:
        login, course = conn.execute(
            "select u.username, g.course_id from raw_moodle.mdl_user as u"
            " inner join raw_moodle.mdl_role_assignments as a on u.id = a.userid"
            " inner join raw_moodle.mdl_role as r on a.roleid = r.id"
            " inner join raw_moodle.mdl_context as c on a.contextid = c.id and c.contextlevel = 50"
            " inner join marts_bi.bi_course_group as g on c.instanceid = g.course_id"
            " where r.archetype = 'editingteacher' and g.is_small and g.learner_set = 'group'"
            " order by 1, 2"
        ).fetchone() or ("", 0)
    query = asked("courses-progress", "Groups").changed(
        columns=["group_name", "is_withheld"],
        filters=[{"col": "course_id", "op": "==", "val": course}],
    )
    shown, hidden = _data(analyst, query), _data(people.add(login, "teacher"), query)
    assert {row["group_name"] for row in shown} == {row["group_name"] for row in hidden}
    withheld = [row for row in hidden if row["is_withheld"]]
    assert withheld
    assert all(row["group_learners"] is None for row in withheld)
    assert all(row["group_learners"] is not None for row in shown)


def _data(person: Person, body: dict[str, Any]) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = person.api.post("/chart/data", body)["result"][0]["data"]
    return data


def _column(person: Person, body: dict[str, Any], name: str) -> set[Any]:
    return {row[name] for row in _data(person, body)}

"""Who sees what in Superset: as each audience, over the API, with queries of their own making."""

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


@pytest.fixture(scope="module")
def analyst(people: People) -> Person:
    return people.add("ada.analyst", "analyst")


@pytest.fixture(scope="module")
def accountant(people: People) -> Person:
    return people.add("finn.finance", "finance")


@pytest.fixture(scope="module")
def head(people: People) -> Person:
    return people.add("hana.head", "admin")


def test_everybody_sees_the_dashboards_of_the_own_audience(
    teachers: list[Person], analyst: Person, accountant: Person, head: Person, people: People
) -> None:
    for person, audience in (
        (head, "admin"),
        (people.add("sam.school", "school admin"), "school admin"),
        (teachers[0], "teacher"),
        (analyst, "analyst"),
        (accountant, "finance"),
    ):
        seen = {dashboard["slug"] for dashboard in person.api.all("dashboard")}
        assert seen == {spec.address for spec in read_specs() if audience in spec.audience}
        for spec in read_specs():
            status = person.api.client.get(f"/dashboard/{spec.address}/charts").status_code
            assert (status == 200) == (audience in spec.audience), (audience, spec.slug, status)


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
    "expression",
    [
        # a function that runs a query of its own
        "max(query_to_xml('select distinct course_id from secure.secure_course_group',"
        " true, true, '')::text)",
        # another viewer, everything, said by somebody who cannot sign it
        "max(set_config('coursehouse.viewer', '61646d696e.all.99999999999.00', false)"
        " || query_to_xml('select distinct course_id from secure.secure_course_group',"
        " true, true, '')::text)",
    ],
    ids=["a query within", "another viewer"],
)
def test_sql_of_a_viewers_making_shows_no_other_course(
    superset: Superset, teachers: list[Person], asked: Find, expression: str
) -> None:
    """Superset lets these functions through; the view itself asks who looks."""
    one, other = teachers
    answer = one.api.client.post(
        "/chart/data", json=asked(*COURSES).changed(metrics=[sql_metric(expression)])
    )
    for course in set(other.courses) - set(one.courses):
        assert f"<course_id>{course}</course_id>" not in answer.text
    with superset.warehouse() as conn:  # the same as the owner shows them, so the test can fail
        conn.execute("grant execute on function secure.viewer() to current_user")
        (xml,) = conn.execute(
            "select query_to_xml('select distinct course_id from marts_bi.bi_course_group',"
            " true, true, '')::text"
        ).fetchone() or ("",)
    assert f"<course_id>{other.courses[0]}</course_id>" in xml


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
    expression = f"max(query_to_xml('select * from {relation}', true, true, '')::text)"
    answer = teachers[0].api.client.post(
        "/chart/data", json=asked(*COURSES).changed(metrics=[sql_metric(expression)])
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
    superset: Superset, teachers: list[Person], analyst: Person, accountant: Person, head: Person
) -> None:
    databases = {d["database_name"]: d["id"] for d in superset.api().all("database")}
    body = {"database_id": databases["Warehouse (analyst)"], "runAsync": False}
    body |= {"sql": "select count(*) as n from marts_bi.bi_course_group"}
    for person in (teachers[0], accountant, head):
        assert person.api.client.post("/sqllab/execute/", json=body).status_code == 403
    assert analyst.api.post("/sqllab/execute/", body)["data"][0]["n"] > 0
    # on the own connection only, and no further than that reads
    elsewhere = body | {"database_id": databases["Warehouse (teacher)"]}
    assert analyst.api.client.post("/sqllab/execute/", json=elsewhere).status_code == 403
    vault = body | {"sql": "select * from vault.pseudonyms"}
    assert "permission denied" in analyst.api.client.post("/sqllab/execute/", json=vault).text


def test_nobody_but_administrators_administers(
    teachers: list[Person], analyst: Person, accountant: Person, head: Person
) -> None:
    for person in (teachers[0], analyst, accountant, head):
        client = person.api.client
        assert client.get("/security/users/").status_code == 403
        assert client.post("/rowlevelsecurity/", json={}).status_code == 403
        assert client.post("/database/", json={}).status_code == 403
        assert client.post("/assets/import/").status_code == 403


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

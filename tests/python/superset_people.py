"""People who look at dashboards: accounts in Superset with the role of an audience."""

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import pytest
from superset_server import Api, Superset

from ingest.settings import PROJECT_DIR

# accounts that only teach, in courses: user name -> courses, straight from Moodle. First come those
# whose learners are on the most lists of learners at risk and who held meetings: their dashboards
# have no empty chart
TEACHERS: LiteralString = """
    select u.username, array_agg(distinct c.instanceid order by c.instanceid)
    from raw_moodle.mdl_role_assignments as a
    inner join raw_moodle.mdl_role as r on a.roleid = r.id
    inner join raw_moodle.mdl_context as c on a.contextid = c.id
    inner join raw_moodle.mdl_user as u on a.userid = u.id and u.suspended = 0 and u.deleted = 0
    where a._deleted_at is null
    group by u.username
    having bool_and(r.archetype = 'editingteacher' and c.contextlevel = 50)
    order by
        (
            select count(distinct l.list) from marts_bi.bi_at_risk_learner as l
            where l.course_id = any(array_agg(c.instanceid))
        ) desc,
        exists (
            select 1 from marts_live.fact_meeting as m
            where m.course_id = any(array_agg(c.instanceid))
        ) desc,
        count(*),
        u.username
"""
# nobody manages anything in the sample site: a learner becomes the manager of the category with
# most, but not all, of the courses. Returns user name and courses
APPOINT: LiteralString = """
    with category as (
        select c.id, array_agg(k.instanceid order by k.instanceid) as courses
        from raw_moodle.mdl_context as c
        inner join raw_moodle.mdl_context as k
            on k.contextlevel = 50 and k.path like c.path || '/%%'
        where c.contextlevel = 40
        group by c.id
        order by count(*) desc, c.id
        limit 1
    ),

    learner as (
        select u.id, u.username
        from raw_moodle.mdl_role_assignments as a
        inner join raw_moodle.mdl_user as u on a.userid = u.id and u.suspended = 0 and u.deleted = 0
        inner join raw_moodle.mdl_role as r on a.roleid = r.id
        group by u.id, u.username
        having bool_and(r.archetype = 'student')
        order by u.id
        limit 1
    ),

    appointed as (
        insert into raw_moodle.mdl_role_assignments (
            id, roleid, contextid, userid, timemodified, modifierid, component, itemid, sortorder,
            _load_id, _loaded_at
        )
        select %(id)s, r.id, category.id, learner.id, 0, 2, '', 0, 0, 1, now()
        from category, learner, raw_moodle.mdl_role as r
        where r.archetype = 'manager'
        returning userid
    )

    select learner.username, category.courses from category, learner, appointed
"""
ASSIGNMENT = 10**9  # a number no assignment of the sample has
DISMISS: LiteralString = "delete from raw_moodle.mdl_role_assignments where id = %s"


@dataclass(frozen=True)
class Person:
    """Somebody with an account; `courses` are those of the roles held in Moodle."""

    login: str
    password: str
    api: Api
    courses: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class People:
    """Makes accounts on one Superset, one for each name."""

    superset: Superset
    known: dict[str, Person] = field(default_factory=dict)

    def add(self, login: str, audience: str, courses: list[int] | None = None) -> Person:
        """An account of that name with the role of an audience, or of a kind of analyst."""
        if login in self.known:
            return self.known[login]
        admin = self.superset.api()
        roles = admin.get("/security/roles/", q="(page_size:100)")["result"]
        role = next(role["id"] for role in roles if role["name"] == f"Coursehouse {audience}")
        password = secrets.token_urlsafe(12)
        account = {"first_name": "A", "last_name": "Person", "active": True, "roles": [role]}
        account |= {"username": login, "email": f"{secrets.token_hex(4)}@example.org"}
        admin.post("/security/users/", account | {"password": password})
        api = self.superset.api(login, password)
        return self.known.setdefault(login, Person(login, password, api, courses or []))


@pytest.fixture(scope="session")
def people(superset: Superset) -> People:
    return People(superset)


@pytest.fixture(scope="session")
def teachers(superset: Superset, people: People) -> list[Person]:
    """Two teachers of the sample site who do not teach the same."""
    with superset.warehouse() as conn:
        found = conn.execute(TEACHERS).fetchall()
    one = found[0]
    other = next(row for row in found if not set(row[1]) & set(one[1]))
    return [people.add(login, "teacher", courses) for login, courses in (one, other)]


@pytest.fixture(scope="session")
def appointed(superset: Superset) -> Iterator[tuple[str, list[int]]]:
    """User name and courses of a manager. What depends on roles in Moodle is built again."""
    with superset.warehouse() as conn:
        conn.execute(DISMISS, [ASSIGNMENT])  # a run that was killed has left it
        found = conn.execute(APPOINT, {"id": ASSIGNMENT}).fetchone()
    assert found is not None
    subprocess.run(
        [
            *(Path(sys.executable).parent / "dbt", "run"),
            *("--select", "int_moodle__viewer_courses+", "finance_daily_summary"),
            *("--target-path", superset.demo.environment["COURSEHOUSE_HOME"]),
        ],
        cwd=PROJECT_DIR,
        env=superset.demo.environment,
        check=True,
        capture_output=True,
    )
    yield found
    with superset.warehouse() as conn:
        conn.execute(DISMISS, [ASSIGNMENT])


@pytest.fixture(scope="session")
def manager(people: People, appointed: tuple[str, list[int]]) -> Person:
    """Who manages a category of courses, by a role that was given after the first build."""
    login, courses = appointed
    return people.add(login, "school admin", courses)


@dataclass(frozen=True)
class Asked:
    """A chart's own query, to be sent as it is or changed."""

    body: dict[str, Any]

    def changed(self, **changes: Any) -> dict[str, Any]:
        """The body with its query changed."""
        return self.body | {"queries": [self.body["queries"][0] | changes]}


@pytest.fixture(scope="session")
def asked(superset: Superset) -> Callable[[str, str], Asked]:
    """The query of a chart (address of the dashboard, title) as its page sends it."""
    admin = superset.api()

    def find(address: str, title: str) -> Asked:
        dashboard = admin.get(f"/dashboard/{address}")["result"]["id"]
        charts = admin.get(f"/dashboard/{address}/charts")["result"]
        chart = next(chart for chart in charts if chart["slice_name"] == title)
        number, kind = chart["form_data"]["datasource"].split("__")
        metrics = chart["form_data"].get("metrics") or [chart["form_data"]["metric"]]
        query: dict[str, Any] = {
            "columns": [],
            "metrics": metrics,
            "filters": [],
            "extras": {},
            "row_limit": 1000,
        }
        form = {"slice_id": chart["id"], "dashboardId": dashboard}
        return Asked(
            {
                "datasource": {"id": int(number), "type": kind},
                "queries": [query],
                "form_data": form | {"datasource": f"{number}__{kind}"},
                "result_format": "json",
                "result_type": "full",
            }
        )

    return find

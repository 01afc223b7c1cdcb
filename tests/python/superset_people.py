"""People who look at dashboards: accounts in Superset with the role of an audience."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, LiteralString

import pytest
from superset_server import Api, Superset

from ingest.dashboards.audiences import Audience, superset_role

# accounts that only teach, in courses, by how many: user name -> courses, straight from Moodle
TEACHERS: LiteralString = """
    select u.username, array_agg(distinct c.instanceid order by c.instanceid)
    from raw_moodle.mdl_role_assignments as a
    inner join raw_moodle.mdl_role as r on a.roleid = r.id
    inner join raw_moodle.mdl_context as c on a.contextid = c.id
    inner join raw_moodle.mdl_user as u on a.userid = u.id and u.suspended = 0 and u.deleted = 0
    where a._deleted_at is null
    group by u.username
    having bool_and(r.archetype = 'editingteacher' and c.contextlevel = 50)
    order by count(*), u.username
"""


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

    def add(self, login: str, audience: Audience, courses: list[int] | None = None) -> Person:
        """An account of that name with the role of an audience."""
        if login in self.known:
            return self.known[login]
        admin = self.superset.api()
        roles = admin.get("/security/roles/", q="(page_size:100)")["result"]
        role = next(role["id"] for role in roles if role["name"] == superset_role(audience))
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

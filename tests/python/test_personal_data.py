"""No column carries personal data without saying so."""

import re
from copy import deepcopy
from typing import Any

import pytest
from personal_data import untagged_columns
from warehouse_fixtures import Artifacts

RAW = {"name": "text", "userid": "bigint", "ip": "text", "doc": "jsonb", "n": "int"}
# column of the result -> what it is made of; all of it is personal but `n`
CARRIED = {
    "as_it_is": "select raw.userid as c from raw",
    "cast": "select raw.userid::text as c from raw",
    "of a branch": "select case when raw.n = 1 then raw.name else 'nobody' end as c from raw",
    "pseudonym": "select vault.pseudonymise('moodle', raw.userid::text) as c from raw",
    "shortened": "select regexp_replace(raw.ip, '[.][0-9]+$', '.0/24') as c from raw",
    "largest": "select max(raw.name) over (partition by raw.n) as c from raw",
    "list": "select array_agg(raw.name order by raw.n) as c from raw",
    "middle": "select percentile_cont(0.5) within group (order by raw.userid) as c from raw",
    "plain hash": "select md5(raw.name) as c from raw",
    "out of a document": "select raw.doc -> 'data' -> 'user' ->> 'email' as c from raw",
    "as text out of a document": "select raw.doc -> 'user_id' #>> '{}' as c from raw",
    "whole part of a document": "select raw.doc -> 'data' -> 'object' as c from raw",
    "record of a document": """
        select r.customer ->> 'id' as c
        from raw cross join lateral jsonb_to_record(raw.doc) as r (customer jsonb, n int)""",
    "by another name": "with a as (select name as b from raw) select a.b as c from a",
    "by a union": "select 'x' as c union all select raw.name from raw",
    "by a subquery": "select (select max(r.name) from raw as r where r.n = raw.n) as c from raw",
    "by a lateral join": """
        select l.b as c from raw cross join lateral (select raw.name || '!' as b) as l""",
    "unfolded": "select u.e as c from raw cross join unnest(array[raw.name]) as u (e)",
    "by recursion": """
        with recursive up as (
            select n, null::text as c from raw
            union all
            select up.n + 1, raw.name from up inner join raw on up.n = raw.n
        ) select c from up""",
}
CLEANSED = {
    "count": "select count(distinct raw.userid) as c from raw",
    "comparison": "select raw.name is not null and raw.ip like '10.%' as c from raw",
    "condition": "select case when raw.name = 'x' then raw.n else 0 end as c from raw",
    "order": "select row_number() over (partition by raw.userid order by raw.ip) as c from raw",
    "filter": "select sum(raw.n) filter (where raw.name <> '') as c from raw",
    "join": "select r.n as c from raw inner join raw as r on raw.userid = r.userid",
    "surrogate key": "select md5(concat_ws('|', raw.userid::text, raw.n::text)) as c from raw",
    "length": "select length(raw.name) as c from raw",
    "number out of a document": "select (raw.doc -> 'data' ->> 'amount')::int as c from raw",
    "number of a record": """
        select r.n as c
        from raw cross join lateral jsonb_to_record(raw.doc) as r (customer jsonb, n int)""",
}


def test_whatever_carries_personal_data_is_tagged(artifacts: Artifacts) -> None:
    assert untagged_columns(artifacts.manifest, artifacts.catalog) == []


def test_a_lost_tag_is_found_wherever_the_value_goes(artifacts: Artifacts) -> None:
    manifest = deepcopy(artifacts.manifest)
    for kind, relation, column in (
        ("source", "moodle.mdl_user", "email"),
        ("snapshot", "snap_moodle__users", "country"),
        ("model", "fact_session", "student_hash"),
    ):
        nodes = manifest["sources" if kind == "source" else "nodes"]
        nodes[f"{kind}.coursehouse.{relation}"]["columns"][column]["config"]["meta"] = {}
    found = untagged_columns(manifest, artifacts.catalog)
    assert [line.split(" ")[0] for line in found] == [
        "marts_learning.fact_session.student_hash",
        "raw_moodle.mdl_user.email",
        "snapshots.snap_moodle__users.country",
    ]


@pytest.mark.parametrize("how", CARRIED)
def test_a_value_is_followed(how: str) -> None:
    assert _untagged(CARRIED[how], {}) == ["marts.copy.c carries raw.people"]


@pytest.mark.parametrize("how", CLEANSED)
def test_what_only_asks_about_a_value_does_not_carry_it(how: str) -> None:
    assert _untagged(CLEANSED[how], {}) == []


@pytest.mark.parametrize(
    ("meta", "is_settled"),
    [
        ({"pii": True}, True),
        ({"pii": False, "cleansed_by": "truncated to the year"}, True),
        ({"pii": False}, False),
    ],
)
def test_who_says_that_a_column_is_not_personal_says_why(
    meta: dict[str, Any], is_settled: bool
) -> None:
    assert (_untagged(CARRIED["cast"], meta) == []) is is_settled


def _untagged(sql: str, meta: dict[str, Any]) -> list[str]:
    """Findings on a model of one column `c`, without the name of the column it comes from."""
    people = '"db"."raw"."people"'
    read = re.sub(r"(from|join) raw as", rf"\1 {people} as", sql)
    read = re.sub(r"(from|join) raw", rf"\1 {people} as raw", read)
    place = {"database": "db", "package_name": "house", "resource_type": "model"}
    tagged = {name: {"config": {"meta": {"pii": name != "n"}}} for name in RAW}
    nodes = {
        "model.house.people": place | {"schema": "raw", "alias": "people", "columns": tagged},
        "model.house.copy": place
        | {"schema": "marts", "alias": "copy", "compiled_code": read}
        | {"columns": {"c": {"config": {"meta": meta}}}},
    }
    built = {"columns": {name: {"type": type_} for name, type_ in RAW.items()}}
    catalog = {"nodes": {"model.house.people": built}, "sources": {}}
    metadata = {"project_name": "house"}
    found = untagged_columns({"metadata": metadata, "nodes": nodes, "sources": {}}, catalog)
    return [line.rpartition(".")[0] for line in found]

"""After an erasure and a build no schema of the warehouse knows the person; others' figures stay."""

from collections.abc import Callable
from typing import Any

import psycopg
from warehouse_fixtures import Warehouse

ONLY_MODELS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
# who did most in the log, and is no administrator
WHO = """
select u.id, u.username, u.email, u.firstname || ' ' || u.lastname
from raw_moodle.mdl_user as u
inner join raw_moodle.mdl_logstore_standard_log as l on u.id = l.userid
where u.username !~ '^(guest|admin)'
group by u.id, u.username, u.email, u.firstname, u.lastname
order by count(*) desc
limit 1
"""
OTHERS = {
    "events": """
        select student_hash, count(*), sum(dwell_seconds), count(distinct session_id)
        from marts_learning.fact_learning_event
        where student_hash is distinct from %(hash)s group by 1 order by 1""",
    "days": """
        select student_hash, date, events_count from marts_engagement.student_daily_activity
        where student_hash is distinct from %(hash)s order by 1, 2""",
}
ALL = {
    "sessions": "select count(*), sum(events_count) from marts_learning.fact_session",
    "events": "select count(*), count(session_id) from marts_learning.fact_learning_event",
    "active": "select activity_date, count(distinct student_hash)"
    " from intermediate.int_learning__learner_course_days group by 1 order by 1",
}


def clone(warehouse: Warehouse, new_database: Callable[[str], str], tmp_path: Any) -> Warehouse:
    """The built sample in a database of its own."""
    name = "erasure"
    admin = psycopg.connect(warehouse.dsn.rpartition("/")[0] + "/postgres", autocommit=True)
    source = warehouse.dsn.rpartition("/")[2]
    with admin:
        admin.execute(f"create database {name} template {source}".encode())
    return Warehouse(warehouse.dsn.rpartition("/")[0] + f"/{name}", tmp_path, warehouse.manifest)

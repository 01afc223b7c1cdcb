"""Rows that make the tests of data quality fail which no break of the sample concerns.

Raw rows for what is a view on them, rows of marts otherwise: the tests look at tables, whatever
filled them. Later statements may undo what earlier ones were for, so what hides columns comes last.
"""

from typing import LiteralString

_FAR = "4102444800"  # the year 2100
_LOAD = "(select max(load_id) from ops.load_manifest where source = 'moodle')"


def _again(table: LiteralString, where: LiteralString) -> LiteralString:
    """The same rows under new ids."""
    return f"""insert into raw_moodle.{table} select (a).* from (
        select jsonb_populate_record(r, jsonb_build_object('id', id + 5000000)) as a
        from raw_moodle.{table} as r where {where}) as copies"""


def _every(table: LiteralString, n: LiteralString, change: LiteralString) -> LiteralString:
    """A change of every n-th row."""
    return f"update raw_moodle.{table} set {change} where id % {n} = 0"


def _said(topic: LiteralString, fields: LiteralString) -> LiteralString:
    """A few records of a topic whose `metadata` or `properties` say something else."""
    return f"""update raw_events.{topic} set payload = payload || '{fields}'
        where source_offset % 10 = 3"""


def _retyped(table: LiteralString, column: LiteralString) -> tuple[LiteralString, ...]:
    """The table with a column of another type; views go on with the old one."""
    return (
        f"alter table raw_moodle.{table} rename to before_{table}",
        f"create table raw_moodle.{table} as table raw_moodle.before_{table}",
        f"alter table raw_moodle.{table} alter {column} type text",
    )


# Twenty days (or weeks) of ten rows, and hundreds in the last one: `n` counts, `at` is when.
_DAYS = """(select n, current_date - day + time '10:00' + n * interval '1 second' as at
    from generate_series(1, 20) as day, generate_series(1, 2000) as n
    where n <= 10 or day = 1) as days"""
_WEEKS = """(select n, date_trunc('week', now()) - week * interval '1 week'
        + interval '1 day' + n * interval '1 second' as at
    from generate_series(1, 20) as week, generate_series(1, 500) as n
    where n <= 10 or week = 1) as weeks"""

MOODLE: tuple[LiteralString, ...] = (
    _again("mdl_user_enrolments", "id % 10 = 0"),
    _again("mdl_grade_grades", "id % 10 = 0"),
    _again("mdl_course_modules_completion", "id % 10 = 0"),
    _every("mdl_user_enrolments", "7", "enrolid = null"),
    _every("mdl_user_enrolments", "11", "userid = 999999"),
    _every("mdl_user_enrolments", "13", f"timecreated = {_FAR}"),
    f"update raw_moodle.mdl_user set _deleted_at = now(), _load_id = {_LOAD} where id % 3 > 0",
    _every("mdl_user", "5", "country = 'Deutschland'"),
    "update raw_moodle.mdl_course set enddate = startdate - 86400 where startdate > 0",
    "update raw_moodle.mdl_course set _deleted_at = now()",
    _every("mdl_logstore_standard_log", "50", r"eventname = replace(eventname, '\', '\\')"),
    _every("mdl_logstore_standard_log", "60", "crud = 'x'"),
    _every("mdl_logstore_standard_log", "70", "timecreated = 0"),
    """update raw_moodle.mdl_logstore_standard_log set userid = 0
        where to_timestamp(timecreated)::date >= current_date - 2""",
    """delete from raw_moodle.mdl_logstore_standard_log
        where to_timestamp(timecreated) > current_date - interval '23 hours'""",
    _every("mdl_quiz_attempts", "5", "timefinish = timestart - 60"),
    _every("mdl_quiz_attempts", "6", "quiz = 999999"),
    _every("mdl_quiz_attempts", "7", "userid = null"),
    _every("mdl_grade_grades", "9", "itemid = 999999"),
    _every("mdl_grade_grades", "7", "userid = null"),
    _every("mdl_grade_grades_history", "9", f"timemodified = {_FAR}"),
    _every("mdl_course_modules_completion", "9", "coursemoduleid = 999999"),
    _every("mdl_course_modules_completion", "7", "userid = null"),
    _every("mdl_course_modules_completion", "8", f"timemodified = {_FAR}"),
    _every("mdl_forum_posts", "9", f"created = {_FAR}"),
    f"update raw_moodle.mdl_course_completions set timecompleted = {_FAR} where timecompleted > 0",
)

EVENTS: tuple[LiteralString, ...] = (
    _said("user_events", '{"properties": {"status_code": 9999}}'),
    _said("clickstream", '{"metadata": {"scroll_depth": 5000}}'),
    _said("quiz", '{"metadata": {"score": 5, "max_score": 1}}'),
    _said("video", '{"metadata": {"video_length": 60, "watched_to": 60000}}'),
    _said("purchase", '{"currency": "€"}'),
    """insert into raw_events.user_events
        select lane, source_partition, source_offset + copy * 1000000, key, payload, produced_at,
            _load_id, _loaded_at
        from raw_events.user_events, generate_series(1, 2) as copy""",
    f"""insert into raw_events.user_events
        select 'file', 0, row_number() over (), null, jsonb_build_object('event_id', 'dirty-' || n,
            'user_id', 3, 'event_type', 'click', 'timestamp', at), at, max(load_id), arrived
        from ops.load_manifest, {_DAYS}, (
            select max(_loaded_at) as arrived from raw_events.user_events) as last
        group by n, at, arrived""",
    f"""insert into raw_events.dead_letter (topic, lane, source_partition, source_offset,
            error_class, reason, _load_id, _loaded_at)
        select 'clicks', 'file', 0, row_number() over (), 'schema', 'dirty', max(load_id), at
        from ops.load_manifest, {_DAYS} group by n, at""",
    f"""insert into raw_stripe.events
        select 'evt_' || row_number() over (), 'charge.succeeded', 'v' || n % 3, null, true,
            case when n = 500 then timestamptz '2100-01-01' else at end, 'charge', 'ch_' || n,
            '{{}}', null, 'api', max(load_id), now()
        from ops.load_manifest, {_WEEKS} group by n, at""",
)

LEARNING: tuple[LiteralString, ...] = (
    "update marts_learning.fact_grade set final_grade = max_grade + 1 where is_current",
    "update marts_learning.fact_quiz_attempt set grade_pct = 150 where is_counted",
    f"""insert into marts_learning.fact_quiz_attempt (grade_pct, is_counted, started_at)
        select case when at > now() - interval '14 days' then 5 else 60 + n % 5 end, false, at
        from {_WEEKS}""",
    "update marts_learning.fact_session set session_duration_seconds = 1, is_overlong = true",
    f"insert into marts_learning.fact_session (session_start) select at from {_DAYS}",
    "update marts_learning.student_daily_activity set total_time_spent_seconds = 100000",
    """update marts_learning.fact_enrollment
        set starts_at = now(), ends_at = now() - interval '1 day'""",
    "update marts_learning.dim_learner set is_test_user = true",
)

ENGAGEMENT: tuple[LiteralString, ...] = (
    """insert into marts_engagement.fact_late_arrivals
        (records_count, ahead_count, misdated_count) values (100, 90, 0)""",
    "insert into marts_engagement.user_engagement (total_time_minutes) values (2000)",
    "insert into marts_engagement.session_agreement (agreement_rate) values (0.1)",
    "insert into marts_engagement.fact_assessment_event (score_pct) values (120)",
    """insert into marts_engagement.fact_assessment_event
            (student_hash, course_id, event_type, is_misdated, ts)
        select student_hash, course_id, 'submitted', false, finished_at
        from marts_learning.fact_quiz_attempt""",
)

COMMERCE: tuple[LiteralString, ...] = (
    """insert into marts_commerce.fact_order_items (unit_price, quantity)
        select -1, 5000 from generate_series(1, 60)""",
    f"""insert into marts_commerce.fact_orders
            (order_key, ts, is_misdated, total_amount_reporting)
        select 'o' || row_number() over (), at, false,
            case when n = 500 then 1000000 when n > 10 then 10000 else 100 + n % 3 end
        from {_DAYS}""",
    """insert into marts_commerce.fact_clicks (is_anonymous)
        select true from generate_series(1, 200)""",
    """insert into marts_commerce.fact_cart (is_quantity_valid)
        select false from generate_series(1, 200)""",
    """insert into marts_live.fact_meeting (duration_minutes, is_imputed)
        select 5000, true from generate_series(1, 30)""",
    "insert into marts_live.fact_meeting_participation (attended_seconds) values (100000)",
)

FINANCE: tuple[LiteralString, ...] = (
    f"""insert into marts_finance.fact_charge
            (amount, amount_captured, amount_refunded, currency, status, created_at)
        select -1, 0, 0, 'usdc', 'failed',
            case when n = 500 then timestamptz '2100-01-01' else at end
        from {_WEEKS}""",
    """insert into marts_finance.fact_refund (amount, created_at, charged_at)
        values (-1, now() - interval '1 day', now())""",
    """insert into marts_finance.fact_invoice
            (amount_due, amount_paid, amount_remaining, created_at, paid_at)
        values (5, 3, 5, now(), now() - interval '1 day')""",
    """insert into marts_finance.fact_balance_transaction (type, currency, amount, fee)
        values ('charge', 'EUR', 100, 50)""",
    "insert into marts_finance.fact_dispute (amount) values (-1)",
    """insert into marts_finance.fact_payout (created_at, arrival_date)
        values (now(), current_date - 5)""",
    "insert into marts_finance.fact_mrr_monthly (quantity) values (1000000)",
    """insert into marts_finance.payment_quality_monthly (charges_count, dispute_rate)
        values (100, 0.5)""",
    """insert into marts_cross.learner_lifetime_value (gross_reporting, refunds_reporting)
        values (1, 2)""",
    """insert into marts_cross.course_revenue_monthly (is_unallocated, net_revenue_reporting)
        values (true, 100)""",
    "insert into marts_cross.refund_risk_daily (progress_pct) values (150)",
    """insert into marts_cross.funnel_to_completion (enrol_at, completion_at)
        values (now(), now() - interval '1 day')""",
)

TYPES: tuple[LiteralString, ...] = (
    *_retyped("mdl_logstore_standard_log", "timecreated"),
    *_retyped("mdl_user_enrolments", "userid"),
    *_retyped("mdl_course_modules_completion", "completionstate"),
    *_retyped("mdl_quiz_attempts", "sumgrades"),
    "alter table raw_moodle.mdl_user add column theme_2 text",
)

DIRTY = (*MOODLE, *EVENTS, *LEARNING, *ENGAGEMENT, *COMMERCE, *FINANCE, *TYPES)

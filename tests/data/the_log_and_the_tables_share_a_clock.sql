-- Moodle writes a record and its event in the same second. Where they lie apart, one of the two was
-- shifted on the way, as by a time zone applied twice: days, sessions and deadlines are wrong.
{{ config(store_failures=true) }}

with events as (

    select
        object_table,
        object_id,
        occurred_at
    from {{ ref('stg_moodle__logstore_standard_log') }}
    where
        event_name in (
            '\core\event\user_enrolment_created',
            '\mod_quiz\event\attempt_started',
            '\mod_forum\event\post_created'
        )
        and not is_deleted

),

records as (

    select
        'user_enrolments' as object_table,
        enrolment_id as object_id,
        created_at as happened_at
    from {{ ref('stg_moodle__user_enrolments') }}

    union all

    select
        'quiz_attempts' as object_table,
        attempt_id as object_id,
        started_at as happened_at
    from {{ ref('stg_moodle__quiz_attempts') }}

    union all

    select
        'forum_posts' as object_table,
        forum_post_id as object_id,
        created_at as happened_at
    from {{ ref('stg_moodle__forum_posts') }}

)

select
    records.object_table as problem,
    count(*) as records,
    percentile_cont(0.5) within group (
        order by extract(epoch from events.occurred_at - records.happened_at)
    ) as apart_seconds
from records
inner join events
    on records.object_table = events.object_table and records.object_id = events.object_id
group by records.object_table
having
    abs(percentile_cont(0.5) within group (
        order by extract(epoch from events.occurred_at - records.happened_at)
    )) > 60

-- Enrolments, attempts, posts and completions leave an event in the log. A day that misses many of
-- them was lost: a restore, a log that was pruned or full, a load that skipped.
{{ config(severity='warn', store_failures=true) }}

with events as (

    select
        object_table,
        object_id,
        occurred_at
    from {{ ref('stg_moodle__logstore_standard_log') }}
    where occurred_at <= _loaded_at and not is_deleted

),

kept_since as (

    select min(occurred_at) as starts_at
    from events

),

records as (

    select
        'user_enrolments' as object_table,
        enrolment_id as object_id,
        created_at as happened_at
    from {{ ref('stg_moodle__user_enrolments') }}
    where not is_deleted

    union all

    select
        'quiz_attempts' as object_table,
        attempt_id as object_id,
        started_at as happened_at
    from {{ ref('stg_moodle__quiz_attempts') }}
    where not is_deleted

    union all

    select
        'forum_posts' as object_table,
        forum_post_id as object_id,
        created_at as happened_at
    from {{ ref('stg_moodle__forum_posts') }}
    where not is_deleted

    union all

    select
        'course_modules_completion' as object_table,
        activity_completion_id as object_id,
        modified_at as happened_at
    from {{ ref('stg_moodle__course_modules_completion') }}
    where not is_deleted

),

judged as (

    select
        {{ local_date('records.happened_at') }} as day,
        exists (
            select 1
            from events
            where
                events.object_table = records.object_table
                and events.object_id = records.object_id
                and events.occurred_at between records.happened_at - interval '12 hours'
                and records.happened_at + interval '12 hours'
        ) as is_told
    from records
    inner join kept_since on records.happened_at >= kept_since.starts_at

)

select
    day,
    count(*) as records,
    count(*) filter (where not is_told) as missing
from judged
group by day
having count(*) filter (where not is_told) >= greatest(3, 0.2 * count(*))

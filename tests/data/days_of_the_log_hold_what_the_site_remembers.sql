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
        records.object_table,
        records.object_id,
        records.happened_at,
        {{ local_date('records.happened_at') }} as day,
        count(events.object_id) > 0 as is_told
    from records
    inner join kept_since on records.happened_at >= kept_since.starts_at
    left join events
        on
            records.object_table = events.object_table
            and records.object_id = events.object_id
            and abs(extract(epoch from events.occurred_at - records.happened_at)) < 43200
    group by records.object_table, records.object_id, records.happened_at

)

select
    day,
    count(*) as records,
    count(*) filter (where not is_told) as missing
from judged
group by day
having count(*) filter (where not is_told) >= greatest(3, 0.2 * count(*))

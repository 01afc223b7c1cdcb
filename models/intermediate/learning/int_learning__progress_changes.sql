-- One row per step of a learner's count of completed activities: up, or down when one goes away.
with completions as (

    select * from {{ ref('fact_activity_completion') }}
    where is_completed and not is_deleted

),

tracked as (

    select * from {{ ref('int_learning__tracked_activities') }}

),

counted as (

    select
        completions.student_hash,
        completions.course_id,
        completions.activity_id,
        greatest(completions.completed_at, tracked.valid_from) as counts_from,
        tracked.valid_to as counts_until
    from completions
    inner join tracked
        on
            completions.activity_id = tracked.activity_id
            and coalesce(completions.completed_at < tracked.valid_to, true)

),

final as (

    select
        student_hash,
        course_id,
        activity_id,
        counts_from as changed_at,
        1 as change
    from counted

    union all

    select
        student_hash,
        course_id,
        activity_id,
        counts_until as changed_at,
        -1 as change
    from counted
    where counts_until < '9999-12-31'

)

select * from final

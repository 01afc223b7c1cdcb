-- One row per learner and course: when a quarter, half and three quarters of it were done.
with tracked as (

    select * from {{ ref('int_learning__tracked_activities') }}
    where is_current

),

completions as (

    select * from {{ ref('fact_activity_completion') }}
    where is_completed

),

tracked_counts as (

    select
        course_id,
        count(*) as tracked_count
    from tracked
    group by course_id

),

done as (

    select
        completions.student_hash,
        tracked.course_id,
        completions.completed_at,
        100.0 * row_number() over (
            partition by completions.student_hash, tracked.course_id
            order by completions.completed_at, completions.activity_id
        ) / tracked_counts.tracked_count as progress_pct
    from completions
    inner join tracked on completions.activity_id = tracked.activity_id
    inner join tracked_counts on tracked.course_id = tracked_counts.course_id

),

final as (

    select
        student_hash,
        course_id,
        min(completed_at) filter (where progress_pct >= 25) as progress_25_at,
        min(completed_at) filter (where progress_pct >= 50) as progress_50_at,
        min(completed_at) filter (where progress_pct >= 75) as progress_75_at
    from done
    group by student_hash, course_id

)

select * from final

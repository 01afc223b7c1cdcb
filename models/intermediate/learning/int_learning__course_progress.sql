-- One row per person and course with tracked activities: how many of them the person completed.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['student_hash', 'course_id'], 'unique': true}],
    )
}}

with learner_courses as (

    select * from {{ ref('int_learning__learner_courses') }}

),

tracked as (

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
        count(*)::integer as tracked_activities_count
    from tracked
    group by course_id

),

completed_counts as (

    select
        completions.student_hash,
        tracked.course_id,
        count(*)::integer as completed_activities_count
    from completions
    inner join tracked on completions.activity_id = tracked.activity_id
    group by completions.student_hash, tracked.course_id

),

final as (

    select
        learner_courses.student_hash,
        learner_courses.course_id,
        tracked_counts.tracked_activities_count,
        coalesce(completed_counts.completed_activities_count, 0) as completed_activities_count
    from learner_courses
    inner join tracked_counts on learner_courses.course_id = tracked_counts.course_id
    left join completed_counts
        on
            learner_courses.student_hash = completed_counts.student_hash
            and learner_courses.course_id = completed_counts.course_id

)

select * from final

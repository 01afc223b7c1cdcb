-- One row per person and chapter of which the person has completed at least one activity.
with chapter_activities as (

    select * from {{ ref('int_learning__chapter_activities') }}

),

completions as (

    select * from {{ ref('fact_activity_completion') }}
    where completed_at is not null and not is_deleted

),

chapters as (

    select
        chapter_id,
        count(*) as activities_count
    from chapter_activities
    group by chapter_id

),

completed as (

    select
        completions.student_hash,
        chapter_activities.chapter_id,
        min(chapter_activities.course_id) as course_id,
        count(*) as completed_activities_count,
        max(completions.completed_at) as last_completed_at
    from chapter_activities
    inner join completions on chapter_activities.activity_id = completions.activity_id
    group by completions.student_hash, chapter_activities.chapter_id

),

final as (

    select
        completed.student_hash,
        completed.course_id,
        completed.chapter_id,
        case
            when completed.completed_activities_count = chapters.activities_count
                then completed.last_completed_at
        end as completed_at
    from completed
    inner join chapters on completed.chapter_id = chapters.chapter_id

)

select * from final

-- One row per person, course, subject and day on which the application told of lessons.
with events as (

    select
        student_hash,
        source_object_id as lesson_id,
        course_id,
        -- of a course of Moodle the category is the subject
        case when course_id is null then subject end as subject,
        {{ local_date('ts') }} as date,
        event_name,
        score,
        event_id,
        ts
    from {{ ref('fact_learning_event') }}
    where topic = 'learning.progress' and is_engagement_event and source_object_id is not null

),

completed_in_moodle as (

    select
        student_hash,
        activity_id::text as lesson_id
    from {{ ref('fact_activity_completion') }}
    where completed_at is not null and not is_deleted

),

-- a lesson that is an activity of Moodle is counted there
lessons as (

    select events.*
    from events
    left join completed_in_moodle
        on
            events.student_hash = completed_in_moodle.student_hash
            and events.lesson_id = completed_in_moodle.lesson_id
    where completed_in_moodle.lesson_id is null

),

marked as (

    select
        *,
        event_name = 'completed' and row_number() over (
            partition by student_hash, lesson_id, event_name
            order by ts, event_id
        ) = 1 as is_first_completion,
        -- scores have no stated maximum: what is no percentage is left out
        score between 0 and 100 and row_number() over (
            partition by student_hash, lesson_id, date, score is null
            order by ts desc, event_id desc
        ) = 1 as is_last_score_of_day
    from lessons

),

final as (

    select
        student_hash,
        coalesce(course_id, 0) as course_id,
        subject,
        date,
        (count(*) filter (where is_first_completion))::integer as completions_count,
        (count(*) filter (where is_last_score_of_day))::integer as scores_count,
        coalesce(sum(score) filter (where is_last_score_of_day), 0)::numeric(12, 4) as score_sum
    from marked
    group by student_hash, coalesce(course_id, 0), subject, date
    having bool_or(is_first_completion) or bool_or(is_last_score_of_day)

)

select * from final

-- One row per person, course, subject and day somebody was active, completed or was graded.
with events as (

    select * from {{ ref('int_learning__learner_course_days') }}
    where engagement_events_count > 0 or dwell_seconds > 0

),

completions as (

    select * from {{ ref('fact_activity_completion') }}
    where completed_at is not null and not is_deleted

),

grades as (

    select
        *,
        {{ local_date('graded_at') }} as date,
        row_number() over (
            partition by student_hash, grade_item_id, {{ local_date('graded_at') }}
            order by graded_at desc, grade_key desc
        ) = 1 as is_last_of_day
    from {{ ref('int_learning__grades_given') }}
    where grade_pct is not null

),

app_lessons as (

    select * from {{ ref('int_learning__app_lessons') }}

),

parts as (

    select
        student_hash,
        course_id,
        null::text as subject,
        activity_date as date,
        dwell_seconds,
        0 as completions_count,
        0 as grades_count,
        0 as grade_pct_sum
    from events

    union all

    select
        student_hash,
        coalesce(course_id, 0) as course_id,
        null::text as subject,
        {{ local_date('completed_at') }} as date,
        0 as dwell_seconds,
        1 as completions_count,
        0 as grades_count,
        0 as grade_pct_sum
    from completions

    union all

    select
        student_hash,
        course_id,
        null::text as subject,
        date,
        0 as dwell_seconds,
        0 as completions_count,
        1 as grades_count,
        grade_pct as grade_pct_sum
    from grades
    -- a grade corrected on the same day was given once
    where is_last_of_day

    union all

    -- the time these lessons took is in the sessions already
    select
        student_hash,
        course_id,
        subject,
        date,
        0 as dwell_seconds,
        completions_count,
        scores_count as grades_count,
        score_sum as grade_pct_sum
    from app_lessons

),

final as (

    select
        student_hash,
        course_id,
        subject,
        date,
        sum(dwell_seconds)::integer as dwell_seconds,
        sum(completions_count)::integer as completions_count,
        sum(grades_count)::integer as grades_count,
        sum(grade_pct_sum)::numeric(12, 4) as grade_pct_sum
    from parts
    group by student_hash, course_id, subject, date

)

select * from final

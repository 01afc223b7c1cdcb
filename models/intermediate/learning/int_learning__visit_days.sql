-- One row per person, day and segment the person was active in, with the days before and after.
with days as (

    select
        student_hash,
        activity_date,
        min(first_event_at) as first_event_at,
        sum(engagement_events_count) > 0 as is_engaged
    from {{ ref('int_learning__learner_course_days') }}
    group by student_hash, activity_date

),

learners as (

    select * from {{ ref('dim_learner') }}

),

segmented as (

    select
        'any event' as segment,
        student_hash,
        activity_date
    from days

    union all

    select
        'engaged' as segment,
        student_hash,
        activity_date
    from days
    where is_engaged

    union all

    select
        'engaged learners' as segment,
        days.student_hash,
        days.activity_date
    from days
    -- as they were then: who teaches today may have learned last year
    inner join learners
        on
            days.student_hash = learners.student_hash
            and days.first_event_at >= learners.valid_from
            and days.first_event_at < learners.valid_to
    where days.is_engaged and not learners.is_staff and not learners.is_test_user

),

final as (

    select
        segment,
        student_hash,
        activity_date,
        lag(activity_date) over person as previous_date,
        lead(activity_date) over person as next_date
    from segmented
    window person as (partition by student_hash, segment order by activity_date)

)

select * from final

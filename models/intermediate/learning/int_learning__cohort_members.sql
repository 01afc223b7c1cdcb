-- One row per learner and kind of cohort: the period the learner first did or joined something.
with visits as (

    select * from {{ ref('int_learning__visit_days') }}
    where segment = 'engaged learners'

),

course_learners as (

    select * from {{ ref('int_learning__course_learners') }}

),

learners as (

    select * from {{ ref('dim_learner') }}
    where is_current

),

final as (

    select
        'first activity week' as cohort_type,
        'week' as period_unit,
        student_hash,
        date_trunc('week', activity_date::timestamp)::date as cohort_start_date
    from visits
    where previous_date is null

    union all

    select
        'enrolment month' as cohort_type,
        'month' as period_unit,
        course_learners.student_hash,
        date_trunc(
            'month', {{ local_date('min(course_learners.first_enrolled_at)') }}::timestamp
        )::date as cohort_start_date
    from course_learners
    inner join learners on course_learners.student_hash = learners.student_hash
    where not learners.is_staff and not learners.is_test_user
    group by course_learners.student_hash

)

select * from final

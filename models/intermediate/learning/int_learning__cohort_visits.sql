-- One row per learner, kind of cohort and period in which the learner was active.
with members as (

    select * from {{ ref('int_learning__cohort_members') }}

),

visit_days as (

    select * from {{ ref('int_learning__visit_days') }}
    where segment = 'engaged learners'

),

visits as (

    select
        members.cohort_type,
        members.cohort_start_date,
        members.student_hash,
        date_trunc(members.period_unit, visit_days.activity_date::timestamp)::date
            as period_start_date
    from members
    inner join visit_days
        on
            members.student_hash = visit_days.student_hash
            and members.cohort_start_date <= visit_days.activity_date
    group by
        members.cohort_type,
        members.cohort_start_date,
        members.student_hash,
        date_trunc(members.period_unit, visit_days.activity_date::timestamp)

),

final as (

    select
        cohort_type,
        cohort_start_date,
        student_hash,
        period_start_date,
        lead(period_start_date) over person is null as is_last,
        -- the first after the period of the cohort itself
        period_start_date > cohort_start_date
        and lag(period_start_date, 1, cohort_start_date) over person = cohort_start_date
            as is_return
    from visits
    window person as (
        partition by cohort_type, cohort_start_date, student_hash order by period_start_date
    )

)

select * from final

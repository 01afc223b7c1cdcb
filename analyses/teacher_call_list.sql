-- Whom among the learners of a teacher's courses should the teacher call first, and why?
{%- set instructor_hash = var('instructor_hash', '') %}

with teaching as (

    select
        student_hash as instructor_hash,
        course_id
    from {{ ref('bridge_course_instructor') }}
    where is_current
    group by student_hash, course_id

),

at_risk as (

    select * from {{ ref('at_risk_learners') }}

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current

),

-- one call for all of the teacher's courses the learner is at risk in
calls as (

    select
        teaching.instructor_hash,
        at_risk.student_hash,
        min(at_risk.urgency_rank) as urgency_rank,
        count(*) as courses_count,
        max(at_risk.risk_score) as highest_risk_score,
        sum(at_risk.missed_deadlines) as missed_deadlines,
        max(at_risk.last_access_at) as last_access_at,
        string_agg(
            courses.shortname || ': ' || at_risk.list
            || coalesce(' (' || at_risk.risk_reasons || ')', ''),
            '; ' order by at_risk.urgency_rank
        ) as reasons,
        max(at_risk.as_of) as as_of
    from teaching
    inner join at_risk on teaching.course_id = at_risk.course_id
    left join courses on teaching.course_id = courses.course_id
    group by teaching.instructor_hash, at_risk.student_hash

),

-- nobody calls oneself
placed as (

    select
        instructor_hash,
        row_number() over (
            partition by instructor_hash
            order by urgency_rank, student_hash
        ) as place,
        count(*) over (partition by instructor_hash) as calls_count,
        student_hash,
        courses_count,
        highest_risk_score,
        missed_deadlines,
        last_access_at,
        count(*) over (partition by student_hash) - 1 as other_teachers_count,
        reasons,
        as_of
    from calls
    where instructor_hash != student_hash

),

final as (

    select * from placed
    where '{{ instructor_hash }}' in ('', instructor_hash)
    order by instructor_hash, place

)

select * from final

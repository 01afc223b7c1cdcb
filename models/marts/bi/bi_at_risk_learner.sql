-- One row per learner and course somebody should look at, with the names people filter by.
{{
    config(
        materialized='view',
        meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'},
    )
}}

with learners as (

    select * from {{ ref('at_risk_learners') }}

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

group_names as (

    select * from {{ ref('int_learning__group_names') }}

),

final as (

    select
        learners.urgency_rank,
        learners.list,
        learners.student_hash,
        {{ learner_code('learners.student_hash') }} as learner_code,
        learners.course_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        coalesce(group_names.group_names, 'no group') as group_names,
        learners.risk_reasons,
        learners.risk_flags,
        learners.risk_score,
        learners.days_since_last_access,
        learners.days_since_open,
        learners.missed_deadlines,
        learners.progress_pct,
        learners.grade_to_date_pct,
        learners.last_access_at,
        learners.as_of
    from learners
    inner join course_names on learners.course_id = course_names.course_id
    left join group_names
        on
            learners.student_hash = group_names.student_hash
            and learners.course_id = group_names.course_id

)

select * from final

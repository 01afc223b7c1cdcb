-- One row per learner with an open account and course, with the names people filter by.
{{
    config(
        materialized='view',
        meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'},
    )
}}

with completions as (

    select * from {{ ref('fact_course_completion') }}
    where is_student and has_open_account

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

group_names as (

    select * from {{ ref('int_learning__group_names') }}

),

final as (

    select
        completions.student_hash,
        {{ learner_code('completions.student_hash') }} as learner_code,
        completions.course_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        coalesce(group_names.group_names, 'no group') as group_names,
        completions.enrollment_status,
        completions.is_enrolled,
        completions.enrolled_at,
        completions.started_at,
        completions.last_access_at,
        completions.completed_at,
        completions.is_started,
        completions.completion_flag as is_completed,
        case
            when completions.completion_flag then 'completed'
            when not completions.is_started then 'never started'
            when completions.is_enrolled then 'under way'
            else 'left'
        end as learning_state,
        completions.progress_pct,
        completions.final_grade_pct,
        completions.days_to_complete
    from completions
    inner join course_names on completions.course_id = course_names.course_id
    left join group_names
        on
            completions.student_hash = group_names.student_hash
            and completions.course_id = group_names.course_id

)

select * from final

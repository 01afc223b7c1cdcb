-- One row per attempt of a learner at a quiz, with the names people filter by.
{{ config(materialized='view', meta={'grain': ['attempt_id'], 'owner': 'data-team'}) }}

with attempts as (

    select * from {{ ref('fact_quiz_attempt') }}
    where not is_preview and not is_deleted and student_hash is not null

),

activities as (

    select * from {{ ref('dim_activity') }}
    where is_current

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

group_names as (

    select * from {{ ref('int_learning__group_names') }}

),

final as (

    select
        attempts.attempt_id,
        attempts.student_hash,
        {{ learner_code('attempts.student_hash') }} as learner_code,
        attempts.course_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        coalesce(group_names.group_names, 'no group') as group_names,
        attempts.quiz_id,
        coalesce(activities.name, 'quiz ' || attempts.quiz_id) as quiz_name,
        attempts.attempt_no,
        attempts.state,
        attempts.started_at,
        attempts.finished_at,
        (attempts.duration_seconds / 60.0)::numeric(12, 2) as duration_minutes,
        attempts.grade_pct,
        attempts.is_counted,
        attempts.is_first_attempt,
        attempts.is_last,
        attempts.is_best
    from attempts
    inner join course_names on attempts.course_id = course_names.course_id
    left join activities on attempts.activity_id = activities.activity_id
    left join group_names
        on
            attempts.student_hash = group_names.student_hash
            and attempts.course_id = group_names.course_id

)

select * from final

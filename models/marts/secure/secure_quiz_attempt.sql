-- One row per attempt of a learner at a quiz the viewer of this session may see.
{{ config(meta={'grain': ['attempt_id'], 'owner': 'data-team'}) }}

with attempts as (

    select * from {{ ref('bi_quiz_attempt') }}

),

final as (

    select
        attempt_id,
        student_hash,
        learner_code,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        group_names,
        quiz_id,
        quiz_name,
        attempt_no,
        state,
        started_at,
        finished_at,
        duration_minutes,
        grade_pct,
        is_counted,
        is_first_attempt,
        is_last,
        is_best
    from attempts
    where {{ viewer_sees('attempts.course_id', student_hash='attempts.student_hash') }}

)

select * from final

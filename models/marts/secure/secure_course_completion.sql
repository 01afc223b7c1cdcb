-- One row per learner and course the viewer of this session may see.
{{ config(meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'}) }}

with completions as (

    select * from {{ ref('bi_course_completion') }}

),

final as (

    select
        student_hash,
        learner_code,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        group_names,
        enrollment_status,
        is_enrolled,
        enrolled_at,
        started_at,
        last_access_at,
        completed_at,
        is_started,
        is_completed,
        learning_state,
        progress_pct,
        final_grade_pct,
        days_to_complete
    from completions
    where {{ viewer_sees('completions.course_id', student_hash='completions.student_hash') }}

)

select * from final

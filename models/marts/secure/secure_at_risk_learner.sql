-- One row per learner and course somebody should look at the viewer of this session may see.
{{ config(meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'}) }}

with learners as (

    select * from {{ ref('bi_at_risk_learner') }}

),

final as (

    select
        urgency_rank,
        list,
        student_hash,
        learner_code,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        group_names,
        risk_reasons,
        risk_flags,
        risk_score,
        days_since_last_access,
        days_since_open,
        missed_deadlines,
        progress_pct,
        grade_to_date_pct,
        last_access_at,
        as_of
    from learners
    where {{ viewer_sees('learners.course_id', student_hash='learners.student_hash') }}

)

select * from final

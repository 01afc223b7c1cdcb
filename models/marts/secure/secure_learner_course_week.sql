-- One row per learner, course and ISO week of enrolment the viewer of this session may see.
{{
    config(
        meta={'grain': ['student_hash', 'course_id', 'week_start_date'], 'owner': 'data-team'},
    )
}}

with weeks as (

    select * from {{ ref('bi_learner_course_week') }}

),

final as (

    select
        student_hash,
        learner_code,
        course_id,
        week_start_date,
        course_name,
        course_code,
        category_name,
        top_category_name,
        group_names,
        is_current_week,
        progress_pct,
        expected_progress_pct,
        grade_to_date_pct,
        time_spent_seconds,
        active_days,
        missed_deadlines,
        engagement_trend_class,
        is_never_started,
        is_gone_quiet,
        is_at_risk,
        risk_score
    from weeks
    where {{ viewer_sees('weeks.course_id', student_hash='weeks.student_hash') }}

)

select * from final

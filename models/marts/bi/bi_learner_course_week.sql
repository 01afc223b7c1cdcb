-- One row per learner, course and ISO week of enrolment, with the names people filter by.
{{
    config(
        materialized='view',
        meta={'grain': ['student_hash', 'course_id', 'week_start_date'], 'owner': 'data-team'},
    )
}}

with weeks as (

    select * from {{ ref('learner_course_snapshot_weekly') }}

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

group_names as (

    select * from {{ ref('int_learning__group_names') }}

),

final as (

    select
        weeks.student_hash,
        {{ learner_code('weeks.student_hash') }} as learner_code,
        weeks.course_id,
        weeks.week_start_date,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        coalesce(group_names.group_names, 'no group') as group_names,
        weeks.is_current_week,
        weeks.progress_pct,
        weeks.expected_progress_pct,
        weeks.grade_to_date_pct,
        weeks.time_spent_seconds,
        weeks.active_days,
        weeks.missed_deadlines,
        weeks.engagement_trend_class,
        weeks.is_never_started,
        weeks.is_gone_quiet,
        weeks.is_at_risk,
        weeks.risk_score
    from weeks
    inner join course_names on weeks.course_id = course_names.course_id
    left join group_names
        on
            weeks.student_hash = group_names.student_hash
            and weeks.course_id = group_names.course_id

)

select * from final

-- One row per course and ISO week somebody was enrolled in: how many were there, and for how long.
{{
    config(
        materialized='table',
        meta={'grain': ['course_id', 'week_start_date'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with weeks as (

    select * from {{ ref('bi_learner_course_week') }}

),

counted as (

    select
        course_id,
        week_start_date,
        course_name,
        course_code,
        category_name,
        top_category_name,
        count(*)::integer as enrolled_count,
        count(*) filter (where active_days > 0)::integer as active_count,
        count(*) filter (where is_at_risk)::integer as at_risk_count,
        sum(time_spent_seconds)::bigint as time_spent_seconds
    from weeks
    group by
        course_id, week_start_date, course_name, course_code, category_name, top_category_name

),

final as (

    select
        *,
        enrolled_count < {{ var('min_cohort_size') }} as is_small
    from counted

)

select * from final

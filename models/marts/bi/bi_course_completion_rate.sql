-- One row per course, month of enrolment and denominator, with the names people filter by.
{{
    config(
        materialized='view',
        meta={
            'grain': ['course_id', 'cohort_month', 'denominator'],
            'owner': 'data-team', 'kind': 'aggregate',
        },
    )
}}

with rates as (

    select * from {{ ref('course_completion_rates') }}

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

final as (

    select
        rates.course_id,
        rates.cohort_month,
        rates.denominator,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        rates.eligible_count,
        rates.completed_count,
        rates.completion_rate,
        rates.median_days_to_complete,
        rates.is_complete,
        rates.is_small
    from rates
    -- no enrolment is lost for want of a name: it fails a test instead
    left join course_names on rates.course_id = course_names.course_id

)

select * from final

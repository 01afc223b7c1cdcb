-- One row per course and step from enrolment to a passed course, with the names people filter by.
{{
    config(
        materialized='view', meta={'grain': ['course_id', 'step_no'], 'owner': 'data-team'},
    )
}}

with funnels as (

    select * from {{ ref('course_funnel') }}

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

final as (

    select
        funnels.course_id,
        funnels.step_no,
        funnels.step,
        funnels.step_no || '. ' || funnels.step as numbered_step,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        funnels.learners_count,
        funnels.step_rate,
        funnels.overall_rate,
        funnels.is_small
    from funnels
    inner join course_names on funnels.course_id = course_names.course_id

)

select * from final

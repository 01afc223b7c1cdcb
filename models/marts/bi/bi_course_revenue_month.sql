-- One row per course, month of booking and currency of settlement, with the names people filter by.
{{ config(materialized='view', meta={'grain': ['course_revenue_key'], 'owner': 'data-team'}) }}

with months as (

    select * from {{ ref('course_revenue_monthly') }}

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

final as (

    select
        months.course_revenue_key,
        months.course_id,
        months.month_start_date,
        coalesce(course_names.course_name, 'no course') as course_name,
        coalesce(course_names.course_code, 'no course') as course_code,
        coalesce(course_names.category_name, 'no category') as category_name,
        coalesce(course_names.top_category_name, 'no category') as top_category_name,
        months.is_unallocated,
        months.unallocated_reasons,
        months.currency,
        months.net_direct,
        months.net_bundle,
        months.net_all_access,
        months.gross_reporting,
        months.refunds_reporting,
        months.disputes_reporting,
        months.fees_allocated_reporting,
        months.net_revenue_reporting,
        months.paying_learners
    from months
    left join course_names on months.course_id = course_names.course_id

)

select * from final

-- Proves that each segment has one row for each day from the first visit to the last.
with visits as (

    select
        max(activity_date) - min(activity_date) + 1 as days_count,
        count(distinct segment) as segments_count,
        min(activity_date) as first_date,
        max(activity_date) as last_date
    from {{ ref('int_learning__visit_days') }}

),

built as (

    select
        count(*) as rows_count,
        min(date) as first_date,
        max(date) as last_date
    from {{ ref('fact_daily_active_users') }}

)

select
    visits.*,
    built.rows_count
from visits
cross join built
where
    built.rows_count <> coalesce(visits.days_count * visits.segments_count, 0)
    or (built.first_date, built.last_date) is distinct from (visits.first_date, visits.last_date)

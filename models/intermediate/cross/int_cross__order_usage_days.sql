-- One row per open order and day, with what its learners had made of it by the end of the day.
{{ config(materialized='table', indexes=[{'columns': ['charge_id', 'date'], 'unique': true}]) }}

with orders as (

    select * from {{ ref('int_cross__open_orders') }}
    where first_date <= last_date

),

charge_courses as (

    select distinct
        charge_id,
        course_id
    from {{ ref('int_cross__charge_courses') }}
    where course_id is not null

),

charge_learners as (

    select * from {{ ref('int_cross__charge_learners') }}

),

days as (

    select * from {{ ref('int_learning__learner_course_days') }}

),

tracked as (

    select * from {{ ref('int_learning__tracked_activities') }}
    where is_current

),

completions as (

    select * from {{ ref('fact_activity_completion') }}
    where is_completed

),

-- of whom or of what nobody knows, nothing can be said to be missing
bought as (

    select
        orders.charge_id,
        orders.first_date,
        orders.last_date,
        charge_learners.student_hash,
        charge_courses.course_id
    from orders
    inner join charge_courses on orders.charge_id = charge_courses.charge_id
    inner join charge_learners on orders.charge_id = charge_learners.charge_id

),

tracked_counts as (

    select
        bought.charge_id,
        nullif(count(tracked.activity_id), 0) as tracked_count
    from bought
    left join tracked on bought.course_id = tracked.course_id
    group by bought.charge_id

),

-- all that changes the picture, on the day it did or before the order
changes as (

    select
        bought.charge_id,
        greatest(days.activity_date, bought.first_date) as date,
        days.activity_date as accessed_on,
        case when days.activity_date >= bought.first_date then days.dwell_seconds else 0 end
            as dwell_seconds,
        0 as completed_count
    from bought
    inner join days
        on
            bought.student_hash = days.student_hash
            and bought.course_id = days.course_id
            and bought.last_date >= days.activity_date
    where days.engagement_events_count > 0

    union all

    select
        bought.charge_id,
        greatest({{ local_date('completions.completed_at') }}, bought.first_date) as date,
        null as accessed_on,
        0 as dwell_seconds,
        1 as completed_count
    from bought
    inner join tracked on bought.course_id = tracked.course_id
    inner join completions
        on
            tracked.activity_id = completions.activity_id
            and bought.student_hash = completions.student_hash
            and bought.last_date >= {{ local_date('completions.completed_at') }}

),

changed as (

    select
        charge_id,
        date,
        max(accessed_on) as accessed_on,
        sum(dwell_seconds) as dwell_seconds,
        sum(completed_count) as completed_count
    from changes
    group by charge_id, date

),

final as (

    select
        orders.charge_id,
        day.date::date as date,
        tracked_counts.charge_id is not null as is_observed,
        max(changed.accessed_on) over until_then as last_accessed_on,
        coalesce(sum(changed.dwell_seconds) over until_then, 0)::integer as time_spent_seconds,
        (
            100.0 * coalesce(sum(changed.completed_count) over until_then, 0)
            / tracked_counts.tracked_count
        )::numeric(7, 4) as progress_pct
    from orders
    cross join
        lateral generate_series(
            orders.first_date::timestamp, orders.last_date::timestamp, interval '1 day'
        ) as day (date)
    left join changed on orders.charge_id = changed.charge_id and day.date::date = changed.date
    left join tracked_counts on orders.charge_id = tracked_counts.charge_id
    window until_then as (partition by orders.charge_id order by day.date)

)

select * from final

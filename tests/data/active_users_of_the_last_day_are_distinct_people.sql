-- Proves on the last day that the running sums are what counting distinct people in the windows
-- gives, for every segment.
with visits as (

    select * from {{ ref('int_learning__visit_days') }}

),

last_days as (

    select
        segment,
        date,
        dau,
        wau,
        mau
    from {{ ref('fact_daily_active_users') }}
    where date = (select max(visits.activity_date) from visits)

),

counted as (

    select
        last_days.segment,
        last_days.dau,
        last_days.wau,
        last_days.mau,
        count(distinct visits.student_hash) filter (
            where visits.activity_date = last_days.date
        ) as dau_counted,
        count(distinct visits.student_hash) filter (
            where visits.activity_date > last_days.date - {{ var('wau_days') }}
        ) as wau_counted,
        count(distinct visits.student_hash) filter (
            where visits.activity_date > last_days.date - {{ var('mau_days') }}
        ) as mau_counted
    from last_days
    inner join visits on last_days.segment = visits.segment
    group by last_days.segment, last_days.dau, last_days.wau, last_days.mau

)

select *
from counted
where (dau, wau, mau) is distinct from (dau_counted, wau_counted, mau_counted)

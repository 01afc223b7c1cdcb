-- One row per day and segment: how many people were active, and where they came from.
{{ config(meta={'grain': ['date_key', 'segment'], 'owner': 'data-team'}) }}

{%- set wau_days = var('wau_days') %}
{%- set mau_days = var('mau_days') %}

with visits as (

    select * from {{ ref('int_learning__visit_days') }}

),

bounds as (

    select
        min(activity_date) as first_date,
        max(activity_date) as last_date
    from visits

),

segments as (

    select distinct segment from visits

),

-- a visit keeps a person in a trailing window until the window passes or the next visit
-- takes over, so distinct counts become running sums of arrivals and departures
changes as (

    select
        segment,
        activity_date as date,
        1 as dau,
        1 as wau,
        1 as mau,
        (previous_date is null)::integer as new_count,
        coalesce(activity_date - previous_date <= {{ mau_days }}, false)::integer
            as returning_count,
        coalesce(activity_date - previous_date > {{ mau_days }}, false)::integer
            as resurrected_count,
        0 as dormant_count
    from visits

    union all

    select
        segment,
        least(activity_date + {{ wau_days }}, next_date) as date,
        0 as dau,
        -1 as wau,
        0 as mau,
        0 as new_count,
        0 as returning_count,
        0 as resurrected_count,
        0 as dormant_count
    from visits

    union all

    select
        segment,
        least(activity_date + {{ mau_days }}, next_date) as date,
        0 as dau,
        0 as wau,
        -1 as mau,
        0 as new_count,
        0 as returning_count,
        0 as resurrected_count,
        coalesce(next_date > activity_date + {{ mau_days }}, true)::integer as dormant_count
    from visits

    union all

    -- days on which nothing changes
    select
        segments.segment,
        day::date as date,
        0 as dau,
        0 as wau,
        0 as mau,
        0 as new_count,
        0 as returning_count,
        0 as resurrected_count,
        0 as dormant_count
    from bounds
    cross join segments
    -- without a time zone: a day whose clocks skip midnight would shift all that follow
    cross join lateral generate_series(
        bounds.first_date::timestamp, bounds.last_date::timestamp, interval '1 day'
    ) as day

),

daily as (

    select
        segment,
        date,
        sum(dau) as dau,
        sum(wau) as wau_change,
        sum(mau) as mau_change,
        sum(new_count) as new_count,
        sum(returning_count) as returning_count,
        sum(resurrected_count) as resurrected_count,
        sum(dormant_count) as dormant_count
    from changes
    -- windows may pass later than the last day known
    where date <= (select bounds.last_date from bounds)
    group by segment, date

),

final as (

    select
        {{ surrogate_key([date_key('date'), 'segment']) }} as daily_active_users_key,
        {{ date_key('date') }} as date_key,
        segment,
        date,
        dau::integer as dau,
        (sum(wau_change) over segment_days)::integer as wau,
        (sum(mau_change) over segment_days)::integer as mau,
        round(dau / nullif(sum(mau_change) over segment_days, 0), 4)::numeric(6, 4)
            as dau_mau_rate,
        round(
            avg(dau) over (segment_days rows between {{ mau_days - 1 }} preceding and current row)
            / nullif(sum(mau_change) over segment_days, 0),
            4
        )::numeric(6, 4) as stickiness,
        new_count::integer as new_count,
        returning_count::integer as returning_count,
        resurrected_count::integer as resurrected_count,
        dormant_count::integer as dormant_count,
        date >= (select bounds.first_date from bounds) + {{ mau_days }} - 1 as is_complete,
        -- the next day has begun: nothing more is to come, but what is late
        date < (select bounds.last_date from bounds) as is_over
    from daily
    window segment_days as (partition by segment order by date)

)

select * from final

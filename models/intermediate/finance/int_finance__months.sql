-- One row per calendar month since the first subscription, up to the one Stripe last told of.
{{ config(meta={'grain': ['month_start_date'], 'owner': 'data-team'}) }}

with first_period as (

    select min(period_from) as first_at from {{ ref('int_finance__subscription_periods') }}

),

last_seen as (

    select * from {{ ref('int_finance__last_seen') }}

),

months as (

    select
        month.starts_at::date as month_start_date,
        (month.starts_at + interval '1 month')::date as next_month_start_date,
        month.starts_at at time zone '{{ var("reporting_timezone") }}' as starts_at,
        (month.starts_at + interval '1 month') at time zone '{{ var("reporting_timezone") }}'
            as ends_at,
        last_seen.last_seen_at
    from first_period
    cross join last_seen
    cross join lateral generate_series(
        date_trunc('month', {{ local_date('first_period.first_at') }}::timestamp),
        {{ local_date('last_seen.last_seen_at') }}::timestamp,
        interval '1 month'
    ) as month (starts_at)

),

final as (

    select
        month_start_date,
        next_month_start_date - 1 as month_end_date,
        starts_at,
        ends_at,
        -- the last instant of the month, or the last one known
        least(ends_at - interval '1 microsecond', last_seen_at) as snapshot_at,
        ends_at <= last_seen_at as is_complete
    from months

)

select * from final

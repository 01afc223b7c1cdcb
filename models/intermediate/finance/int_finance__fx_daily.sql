-- One row per currency and calendar day for which a rate to the euro holds.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['currency', 'rate_date'], 'unique': true}],
        meta={'grain': ['currency', 'rate_date'], 'owner': 'data-team'},
    )
}}

with quotes as (

    select * from {{ ref('int_finance__fx_quotes') }}

),

euro_entries as (

    select * from {{ ref('euro_entries') }}

),

-- never an average: a day without a fixing has the rate of the last one, but not for ever
filled as (

    select
        quotes.currency,
        day::date as rate_date,
        quotes.units_per_eur,
        quotes.quoted_on
    from quotes
    cross join
        lateral generate_series(
            quotes.quoted_on::timestamp,
            least(quotes.quoted_on + {{ var('fx_fill_days') }}, quotes.replaced_on - 1)::timestamp,
            interval '1 day'
        ) as day

),

-- the euro itself, and what it replaced
fixed as (

    select
        'EUR' as currency,
        '{{ var("dim_date_start") }}'::date as fixed_on,
        1::numeric as units_per_eur

    union all

    select
        currency,
        entered_on as fixed_on,
        units_per_eur
    from euro_entries

),

daily as (

    select * from filled

    union all

    select
        fixed.currency,
        day::date as rate_date,
        fixed.units_per_eur,
        fixed.fixed_on as quoted_on
    from fixed
    cross join
        lateral generate_series(
            fixed.fixed_on::timestamp, timestamp '{{ var("dim_date_end") }}', interval '1 day'
        ) as day

),

final as (

    select
        daily.currency,
        daily.rate_date,
        daily.units_per_eur,
        reporting.units_per_eur as reporting_units_per_eur,
        daily.quoted_on
    from daily
    left join daily as reporting
        on
            daily.rate_date = reporting.rate_date
            and reporting.currency = '{{ var("reporting_currency") }}'

)

select * from final

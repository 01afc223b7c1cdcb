-- No currency halves or doubles between two fixings within a week: a decimal that slipped, or a
-- rate turned round. Every amount in the reporting currency would be wrong with it.
{{ config(store_failures=true) }}

with rates as (

    select
        provider,
        currency,
        rate_date,
        units_per_eur,
        lag(units_per_eur) over quotes as rate_before,
        lag(rate_date) over quotes as date_before
    from {{ ref('stg_ref__fx_rates') }}
    window quotes as (partition by provider, currency order by rate_date, fetched_at)

)

select
    provider,
    currency,
    rate_date,
    units_per_eur,
    rate_before as problem
from rates
where
    rate_date - date_before <= 7
    and (units_per_eur >= 2 * rate_before or rate_before >= 2 * units_per_eur)

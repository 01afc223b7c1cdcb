-- One row per currency and day for which the rate to the euro was fixed.
with rates as (

    select * from {{ ref('stg_ref__fx_rates') }}
    {% if var('fx_as_of') %}
        -- restated since: what was known then
        where fetched_at <= '{{ var("fx_as_of") }}'::timestamptz
    {% endif %}

),

euro_entries as (

    select * from {{ ref('euro_entries') }}

),

quoted_by_the_ecb as (

    select currency
    from rates
    where provider = 'ecb'
    group by currency

),

-- others count for the currencies the ECB has never quoted
counting as (

    select rates.*
    from rates
    left join quoted_by_the_ecb on rates.currency = quoted_by_the_ecb.currency
    where rates.provider = 'ecb' or quoted_by_the_ecb.currency is null

),

latest as (

    select distinct on (currency, rate_date) *
    from counting
    order by currency asc, rate_date asc, fetched_at desc, provider asc

),

final as (

    select
        latest.currency,
        latest.rate_date as quoted_on,
        latest.units_per_eur,
        latest.provider,
        -- the day the rate ends at the latest: of the next one, or of the euro
        coalesce(
            lead(latest.rate_date) over (
                partition by latest.currency
                order by latest.rate_date
            ),
            euro_entries.entered_on
        ) as replaced_on
    from latest
    left join euro_entries on latest.currency = euro_entries.currency
    where euro_entries.currency is null or latest.rate_date < euro_entries.entered_on

)

select * from final

-- One row per currency: those of ISO 4217, those the euro replaced, and codes only orders know.
{{
    config(
        indexes=[{'columns': ['currency_key'], 'unique': true}],
        meta={'grain': ['currency'], 'owner': 'data-team'},
    )
}}

with currencies as (

    select * from {{ ref('currencies') }}

),

euro_entries as (

    select * from {{ ref('euro_entries') }}

),

quoted as (

    select
        currency,
        min(quoted_on) as first_rate_date,
        max(quoted_on) as last_rate_date
    from {{ ref('int_finance__fx_quotes') }}
    group by currency

),

mentioned as (

    select distinct currency from {{ ref('fact_orders') }}

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        {{ surrogate_key(['coalesce(currencies.currency, mentioned.currency)']) }} as currency_key,
        coalesce(currencies.currency, mentioned.currency) as currency,
        currencies.name,
        currencies.iso_exponent,
        currencies.api_exponent,
        currencies.iso_exponent = 0 as is_zero_decimal,
        currencies.charge_step,
        currencies.payout_step,
        currencies.api_note,
        euro_entries.entered_on as euro_entered_on,
        quoted.first_rate_date,
        quoted.last_rate_date,
        coalesce(currencies.currency is not null, unknown_member.is_known) as is_known
    from currencies
    full outer join mentioned on currencies.currency = mentioned.currency
    full outer join unknown_member on false
    left join euro_entries on currencies.currency = euro_entries.currency
    left join quoted on coalesce(currencies.currency, mentioned.currency) = quoted.currency

)

select * from final

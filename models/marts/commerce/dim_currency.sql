-- One row per currency: those of ISO 4217, and codes that only orders know.
{{
    config(
        indexes=[{'columns': ['currency_key'], 'unique': true}],
        meta={'grain': ['currency'], 'owner': 'data-team'},
    )
}}

with currencies as (

    select * from {{ ref('currencies') }}

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
        coalesce(currencies.currency is not null, unknown_member.is_known) as is_known
    from currencies
    full outer join mentioned on currencies.currency = mentioned.currency
    full outer join unknown_member on false

)

select * from final

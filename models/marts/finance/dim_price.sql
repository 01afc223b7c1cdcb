-- One row per version of a price of Stripe.
{{
    config(
        indexes=[{'columns': ['price_key'], 'unique': true}, {'columns': ['price_id']}],
        meta={'grain': ['price_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

{%- set attributes = [
    'product_id', 'currency', 'unit_amount_minor', 'billing_scheme', 'tiers_mode',
    'recurring_interval', 'interval_count', 'usage_type', 'tax_behavior', 'is_active',
    'is_deleted', 'created_at',
] %}

with versions as (

    {{ scd2_changes(ref('int_finance__prices'), 'price_id', attributes) }}

),

-- what only other objects mention is there too
mentioned as (

    select price_id from {{ ref('int_finance__prices') }}
    where price_id is not null
    union
    select price_id from {{ ref('int_finance__invoice_lines') }}
    where price_id is not null
    union
    select price_id from {{ ref('int_finance__subscription_items') }}
    where price_id is not null

),

products as (

    select * from {{ ref('dim_product_catalog') }}
    where is_current

),

currencies as (

    select * from {{ ref('currencies') }}

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

members as (

    select
        mentioned.price_id,
        {%- for attribute in attributes %}
            versions.{{ attribute }},
        {%- endfor %}
        coalesce(unknown_member.is_known, versions.price_id is not null) as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from mentioned
    left join versions on mentioned.price_id = versions.price_id
    full outer join unknown_member on false

),

final as (

    select
        {{ version_key('members.price_id', 'members.valid_from') }} as price_key,
        members.price_id,
        members.product_id,
        coalesce(products.product_key, {{ version_key('members.product_id') }}) as product_key,
        members.currency,
        {{ major_units('members.unit_amount_minor', 'currencies.api_exponent') }} as unit_amount,
        members.billing_scheme,
        members.tiers_mode,
        members.recurring_interval,
        members.interval_count,
        members.usage_type,
        members.tax_behavior,
        members.is_active,
        members.is_deleted,
        members.created_at,
        members.is_known,
        members.valid_from,
        members.valid_to,
        members.is_current
    from members
    left join products on members.product_id = products.product_id
    left join currencies on members.currency = currencies.currency

)

select * from final

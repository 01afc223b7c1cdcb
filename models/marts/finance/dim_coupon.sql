-- One row per version of a coupon of Stripe.
{{
    config(
        indexes=[{'columns': ['coupon_key'], 'unique': true}, {'columns': ['coupon_id']}],
        meta={'grain': ['coupon_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

{%- set attributes = [
    'name', 'percent_off', 'amount_off_minor', 'currency', 'duration', 'duration_in_months',
    'is_redeemable', 'is_deleted', 'created_at',
] %}

with versions as (

    {{ scd2_changes(ref('int_finance__coupons'), 'coupon_id', attributes) }}

),

-- what only other objects mention is there too
mentioned as (

    select coupon_id from {{ ref('int_finance__coupons') }}
    where coupon_id is not null
    union
    select coupon_id from {{ ref('int_finance__discounts') }}
    where coupon_id is not null

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
        mentioned.coupon_id,
        {%- for attribute in attributes %}
            versions.{{ attribute }},
        {%- endfor %}
        coalesce(unknown_member.is_known, versions.coupon_id is not null) as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from mentioned
    left join versions on mentioned.coupon_id = versions.coupon_id
    full outer join unknown_member on false

),

final as (

    select
        {{ version_key('members.coupon_id', 'members.valid_from') }} as coupon_key,
        members.coupon_id,
        members.name,
        members.percent_off,
        members.currency,
        {{ major_units('members.amount_off_minor', 'currencies.api_exponent') }} as amount_off,
        members.duration,
        members.duration_in_months,
        members.is_redeemable,
        members.is_deleted,
        members.created_at,
        members.is_known,
        members.valid_from,
        members.valid_to,
        members.is_current
    from members
    left join currencies on members.currency = currencies.currency

)

select * from final

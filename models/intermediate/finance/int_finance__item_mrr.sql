-- One row per subscription item and period in which its monthly recurring revenue is constant.
{{
    config(
        materialized='table',
        indexes=[
            {'columns': ['item_mrr_key'], 'unique': true},
            {'columns': ['subscription_id', 'period_from']},
        ],
        meta={'grain': ['item_id', 'period_from'], 'owner': 'data-team'},
    )
}}

{%- set policies = ['forever_only', 'all_active'] %}
{%- if var('mrr_discount_policy') not in policies %}
    {{ exceptions.raise_compiler_error(
        "var mrr_discount_policy is " ~ var('mrr_discount_policy') ~ ": choose one of "
        ~ policies | join(', ')
    ) }}
{%- endif %}

with items as (

    select * from {{ ref('int_finance__item_prices') }}

),

discounts as (

    select * from {{ ref('int_finance__item_discounts') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

-- first what is off the item alone; what is off the whole subscription its items share by what
-- they cost by then
own_discounts_off as (

    select
        items.*,
        discounts.policy,
        {{ monthly_amount(
            'discounts.shared_amount_off_minor',
            'items.recurring_interval',
            'items.interval_count'
        ) }} as shared_off_minor,
        greatest(
            items.listed_minor * discounts.share_left
            - {{ monthly_amount(
                'discounts.item_amount_off_minor',
                'items.recurring_interval',
                'items.interval_count'
            ) }},
            0
        ) as left_minor
    from items
    inner join discounts on items.item_mrr_key = discounts.item_mrr_key

),

all_discounts_off as (

    select
        *,
        greatest(
            left_minor
            - coalesce(
                shared_off_minor * left_minor / nullif(
                    sum(left_minor) over (partition by subscription_id, period_from, policy), 0
                ),
                0
            ),
            0
        ) as net_minor
    from own_discounts_off

),

-- rounded once, and here, to what marts hold of an amount: four decimals of the major unit
rounded as (

    select
        all_discounts_off.*,
        round(
            all_discounts_off.listed_minor / (1 + all_discounts_off.included_tax_percent / 100),
            4 - coalesce(currencies.api_exponent, 2)
        ) as ex_tax_gross_minor,
        round(
            all_discounts_off.net_minor / (1 + all_discounts_off.included_tax_percent / 100),
            4 - coalesce(currencies.api_exponent, 2)
        ) as ex_tax_net_minor
    from all_discounts_off
    left join currencies on all_discounts_off.currency = currencies.currency

),

final as (

    select
        item_mrr_key,
        subscription_id,
        customer_id,
        item_id,
        price_id,
        product_id,
        period_from,
        period_to,
        is_past_due,
        currency,
        quantity,
        is_priced,
        max(ex_tax_gross_minor)::numeric(24, 4) as mrr_gross_minor,
        {%- for policy in policies %}
            (max(ex_tax_net_minor) filter (where policy = '{{ policy }}'))::numeric(24, 4)
                as mrr_net_{{ policy }}_minor,
        {%- endfor %}
        (
            max(ex_tax_net_minor) filter (where policy = '{{ var("mrr_discount_policy") }}')
        )::numeric(24, 4) as mrr_net_minor
    from rounded
    group by
        item_mrr_key,
        subscription_id,
        customer_id,
        item_id,
        price_id,
        product_id,
        period_from,
        period_to,
        is_past_due,
        currency,
        quantity,
        is_priced

)

select * from final

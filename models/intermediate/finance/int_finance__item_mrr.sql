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

-- what a policy takes off; a discount of duration once is off one invoice, not off what recurs
policies as (

    select *
    from (
        values
        ('forever_only', array['forever']),
        ('all_active', array['forever', 'repeating'])
    ) as policies (policy, durations)

),

discounts as (

    select * from {{ ref('int_finance__subscription_discounts') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

-- the percentages first, then the amounts: those of the item itself, and those of the whole
-- subscription, which its items share by what they cost by then
applied as (

    select
        items.item_mrr_key,
        policies.policy,
        coalesce({{ remaining_share('discounts.percent_off') }}, 1) as share_left,
        coalesce(
            sum(discounts.amount_off_minor) filter (where discounts.item_id is not null), 0
        ) as item_amount_off_minor,
        coalesce(
            sum(discounts.amount_off_minor) filter (where discounts.item_id is null), 0
        ) as shared_amount_off_minor
    from items
    cross join policies
    left join discounts
        on
            items.subscription_id = discounts.subscription_id
            and items.version_from = discounts.valid_from
            and items.item_id = coalesce(discounts.item_id, items.item_id)
            and items.currency = coalesce(discounts.currency, items.currency)
            and items.period_from >= discounts.starts_at
            and items.period_from < coalesce(discounts.ends_at, 'infinity')
            and discounts.duration = any(policies.durations)
    group by items.item_mrr_key, policies.policy

),

own_discounts_off as (

    select
        items.*,
        applied.policy,
        {{ monthly_amount(
            'applied.shared_amount_off_minor', 'items.recurring_interval', 'items.interval_count'
        ) }} as shared_off_minor,
        greatest(
            items.listed_minor * applied.share_left
            - {{ monthly_amount(
                'applied.item_amount_off_minor', 'items.recurring_interval', 'items.interval_count'
            ) }},
            0
        ) as left_minor
    from items
    inner join applied on items.item_mrr_key = applied.item_mrr_key

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
            listed_minor / (1 + included_tax_percent / 100), 4 - coalesce(api_exponent, 2)
        ) as ex_tax_gross_minor,
        round(
            net_minor / (1 + included_tax_percent / 100), 4 - coalesce(api_exponent, 2)
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
        max(ex_tax_gross_minor) as mrr_gross_minor,
        {%- for policy in policies %}
        max(ex_tax_net_minor) filter (where policy = '{{ policy }}') as mrr_net_{{ policy }}_minor,
        {%- endfor %}
        max(ex_tax_net_minor) filter (where policy = '{{ var("mrr_discount_policy") }}')
            as mrr_net_minor
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

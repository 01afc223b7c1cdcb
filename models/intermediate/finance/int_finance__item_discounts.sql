-- One row per subscription item, period in which it is paid for and policy of discounts.
{{ config(meta={'grain': ['item_mrr_key', 'policy'], 'owner': 'data-team'}) }}

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

final as (

    select
        items.item_mrr_key,
        policies.policy,
        coalesce({{ remaining_share('discounts.percent_off') }}, 1)::numeric(13, 12) as share_left,
        coalesce(
            sum(discounts.amount_off_minor) filter (where discounts.item_id is not null), 0
        )::numeric as item_amount_off_minor,
        coalesce(
            sum(discounts.amount_off_minor) filter (where discounts.item_id is null), 0
        )::numeric as shared_amount_off_minor
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

)

select * from final

-- One row per subscription item and period in which it is paid for: what it costs per month.
{{ config(meta={'grain': ['item_id', 'period_from'], 'owner': 'data-team'}) }}

with periods as (

    select * from {{ ref('int_finance__subscription_periods') }}
    where has_mrr

),

-- neither what is billed by use nor what is paid once recurs
items as (

    select * from {{ ref('int_finance__subscription_items') }}
    where usage_type = 'licensed' and recurring_interval is not null

),

item_periods as (

    select
        periods.subscription_id,
        periods.customer_id,
        periods.version_from,
        periods.period_from,
        periods.period_to,
        periods.is_past_due,
        items.item_id,
        items.price_id,
        items.product_id,
        items.currency,
        items.quantity,
        items.unit_amount_minor,
        items.billing_scheme,
        items.tiers,
        items.tiers_mode,
        items.transform_quantity,
        items.recurring_interval,
        items.interval_count,
        case items.tax_behavior when 'inclusive' then coalesce(items.tax_percent, 0) else 0 end
            as included_tax_percent
    from periods
    inner join items
        on
            periods.subscription_id = items.subscription_id
            and periods.version_from = items.valid_from

),

priced as (

    select
        *,
        {{ monthly_amount(
            price_amount('item_periods'), 'recurring_interval', 'interval_count'
        ) }} as listed_minor
    from item_periods

),

final as (

    select
        {{ surrogate_key(['item_id', 'extract(epoch from period_from)']) }} as item_mrr_key,
        subscription_id,
        customer_id,
        item_id,
        price_id,
        product_id,
        version_from,
        period_from,
        period_to,
        is_past_due,
        currency,
        quantity,
        recurring_interval,
        interval_count,
        included_tax_percent,
        coalesce(listed_minor, 0)::numeric(28, 10) as listed_minor,
        listed_minor is not null as is_priced
    from priced

)

select * from final

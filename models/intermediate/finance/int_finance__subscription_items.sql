-- One row per version of a subscription of Stripe and item of it.
{{
    config(
        materialized='table',
        meta={'grain': ['subscription_id', 'valid_from', 'item_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'subscription'

),

-- the tiers of a price are told with the price alone, and never change
tiers as (

    select distinct on (price_id)
        price_id,
        tiers
    from {{ ref('int_finance__prices') }}
    where tiers is not null
    order by price_id asc, version_no desc

),

items as (

    select
        versions.object_id as subscription_id,
        {{ stripe_id('subscription.customer') }} as customer_id,
        versions.valid_from,
        versions.valid_to,
        versions.version_no,
        versions.is_current,
        versions._load_id,
        item.id as item_id,
        item.price,
        -- the period of all items was the subscription's before each had its own
        coalesce(item.current_period_start, subscription.current_period_start) as period_start,
        coalesce(item.current_period_end, subscription.current_period_end) as period_end,
        coalesce(item.quantity, 1) as quantity,
        coalesce(nullif(item.tax_rates, '[]'), subscription.default_tax_rates) as tax_rates
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as subscription (
            customer jsonb,
            items jsonb,
            current_period_start bigint,
            current_period_end bigint,
            default_tax_rates jsonb
        )
    cross join
        lateral jsonb_to_recordset(subscription.items -> 'data') as item (
            id text,
            price jsonb,
            quantity numeric,
            current_period_start bigint,
            current_period_end bigint,
            tax_rates jsonb
        )

),

final as (

    select
        ---------- ids
        items.subscription_id,
        items.item_id,
        items.customer_id,
        price.id as price_id,
        {{ stripe_id('price.product') }} as product_id,

        ---------- when it was so
        items.valid_from,
        items.valid_to,
        items.version_no,
        items.is_current,

        ---------- what it costs
        upper(price.currency) as currency,
        items.quantity,
        coalesce(price.unit_amount_decimal, price.unit_amount) as unit_amount_minor,
        price.billing_scheme,
        coalesce(price.tiers, tiers.tiers) as tiers,
        price.tiers_mode,
        price.transform_quantity,
        price.recurring ->> 'interval' as recurring_interval,
        {{ json_value('price.recurring', ['interval_count'], 'integer') }} as interval_count,
        price.recurring ->> 'usage_type' as usage_type,

        ---------- tax: a rate says itself whether prices contain it
        case items.tax_rates -> 0 ->> 'inclusive'
            when 'true' then 'inclusive'
            when 'false' then 'exclusive'
            else price.tax_behavior
        end as tax_behavior,
        {{ jsonb_sum("nullif(items.tax_rates, '[]')", 'percentage') }} as tax_percent,

        ---------- period paid for
        {{ epoch_to_timestamp('items.period_start') }} as period_start,
        {{ epoch_to_timestamp('items.period_end') }} as period_end,

        ---------- bookkeeping
        items._load_id
    from items
    cross join
        lateral jsonb_to_record(items.price) as price (
            id text,
            product jsonb,
            currency text,
            unit_amount numeric,
            unit_amount_decimal numeric,
            billing_scheme text,
            tiers jsonb,
            tiers_mode text,
            transform_quantity jsonb,
            recurring jsonb,
            tax_behavior text
        )
    left join tiers on price.id = tiers.price_id

)

select * from final

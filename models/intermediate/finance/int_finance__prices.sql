-- One row per version of a price of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['price_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'price'

),

final as (

    select
        ---------- ids
        versions.object_id as price_id,
        {{ stripe_id('price.product') }} as product_id,

        ---------- when it was so
        versions.valid_from,
        versions.valid_to,
        versions.version_no,
        versions.is_current,
        versions.is_deleted,

        ---------- what it costs
        upper(price.currency) as currency,
        coalesce(price.unit_amount_decimal, price.unit_amount) as unit_amount_minor,
        price.billing_scheme,
        -- told only where they were asked for
        price.tiers,
        price.tiers_mode,
        price.transform_quantity,
        price.recurring ->> 'interval' as recurring_interval,
        {{ json_value('price.recurring', ['interval_count'], 'integer') }} as interval_count,
        price.recurring ->> 'usage_type' as usage_type,
        price.tax_behavior,
        coalesce(price.active, false) as is_active,
        {{ epoch_to_timestamp('price.created') }} as created_at,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as price (
            product jsonb,
            currency text,
            unit_amount numeric,
            unit_amount_decimal numeric,
            billing_scheme text,
            tiers jsonb,
            tiers_mode text,
            transform_quantity jsonb,
            recurring jsonb,
            tax_behavior text,
            active boolean,
            created bigint
        )

)

select * from final

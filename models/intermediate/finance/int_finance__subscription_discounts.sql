-- One row per version of a subscription of Stripe and discount it has.
{{
    config(
        materialized='table',
        meta={'grain': ['subscription_id', 'valid_from', 'discount_id', 'item_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'subscription'

),

subscriptions as (

    select * from {{ ref('int_finance__subscriptions') }}

),

discounts as (

    select * from {{ ref('int_finance__discounts') }}

),

-- a single one on the subscription, later a list there and on items; named or carried
listed as (

    select distinct
        versions.object_id as subscription_id,
        versions.valid_from,
        versions.valid_to,
        versions.version_no,
        versions.is_current,
        versions._load_id,
        {{ stripe_id('listed.discount') }} as discount_id,
        listed.item_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as subscription (
            discount jsonb,
            discounts jsonb,
            items jsonb
        )
    cross join
        lateral (
            select
                subscription.discount,
                null as item_id
            union all
            select
                entry.value as discount,
                null as item_id
            from jsonb_array_elements(subscription.discounts) as entry (value)
            union all
            select
                entry.value as discount,
                item.value ->> 'id' as item_id
            from jsonb_array_elements(subscription.items -> 'data') as item (value)
            cross join
                lateral jsonb_array_elements(nullif(item.value -> 'discounts', 'null'))
                    as entry (value)
        ) as listed
    where listed.discount is not null

),

-- what a customer has is off subscriptions that have nothing of their own
inherited as (

    select
        subscriptions.subscription_id,
        subscriptions.valid_from,
        subscriptions.valid_to,
        subscriptions.version_no,
        subscriptions.is_current,
        subscriptions._load_id,
        discounts.discount_id,
        null::text as item_id
    from subscriptions
    inner join discounts
        on
            subscriptions.customer_id = discounts.customer_id
            and subscriptions.valid_to > discounts.starts_at
            and subscriptions.valid_from < coalesce(discounts.ends_at, 'infinity')
    where
        discounts.is_of_customer
        and not exists (
            select 1 from listed
            where
                listed.subscription_id = subscriptions.subscription_id
                and listed.valid_from = subscriptions.valid_from
        )

),

given as (

    select * from listed
    union all
    select * from inherited

),

final as (

    select
        ---------- ids
        given.subscription_id,
        given.discount_id,
        given.item_id,
        discounts.coupon_id,

        ---------- when it was so
        given.valid_from,
        given.valid_to,
        given.version_no,
        given.is_current,

        ---------- what it takes off
        discounts.percent_off,
        discounts.amount_off_minor,
        discounts.currency,
        discounts.duration,
        discounts.starts_at,
        discounts.ends_at,

        ---------- bookkeeping
        given._load_id
    from given
    left join discounts on given.discount_id = discounts.discount_id

)

select * from final

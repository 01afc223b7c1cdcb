-- One row per discount of Stripe, with what its coupon takes off.
{{
    config(
        materialized='table',
        meta={'grain': ['discount_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type in ('discount', 'subscription', 'customer')

),

coupons as (

    select * from {{ ref('int_finance__coupons') }}
    where is_current

),

-- told by its own events, and by subscriptions and customers that carry it instead of naming it
told as (

    select
        versions.valid_from,
        versions._load_id,
        listed.discount
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as carrier (
            discount jsonb,
            discounts jsonb,
            items jsonb
        )
    cross join
        lateral (
            select versions.payload as discount
            where versions.object_type = 'discount'
            union all
            select carrier.discount
            union all
            select jsonb_array_elements(carrier.discounts) as discount
            union all
            select jsonb_array_elements(nullif(item.value -> 'discounts', 'null')) as discount
            from jsonb_array_elements(carrier.items -> 'data') as item (value)
        ) as listed
    where jsonb_typeof(listed.discount) = 'object'

),

newest as (

    select distinct on (discount ->> 'id')
        discount,
        _load_id
    from told
    order by discount ->> 'id' asc, valid_from desc, discount asc

),

takings_back as (

    select
        object_id as discount_id,
        min(valid_from) as taken_back_at
    from versions
    where object_type = 'discount' and is_deleted
    group by object_id

),

discounts as (

    select
        discount.id as discount_id,
        discount.subscription as subscription_id,
        discount.subscription_item as item_id,
        {{ stripe_id('discount.customer') }} as customer_id,
        (discount.subscription, discount.subscription_item, discount.invoice, discount.invoice_item)
        is null as is_of_customer,
        coalesce(discount.coupon, discount.source -> 'coupon') as coupon,
        {{ epoch_to_timestamp('discount.start') }} as starts_at,
        {{ epoch_to_timestamp('discount."end"') }} as ends_at,
        newest._load_id
    from newest
    cross join
        lateral jsonb_to_record(newest.discount) as discount (
            id text,
            subscription text,
            subscription_item text,
            invoice text,
            invoice_item text,
            customer jsonb,
            coupon jsonb,
            source jsonb,
            start bigint,
            "end" bigint
        )

),

final as (

    select
        ---------- ids
        discounts.discount_id,
        discounts.customer_id,
        discounts.subscription_id,
        discounts.item_id,
        discounts.is_of_customer,
        {{ stripe_id('discounts.coupon') }} as coupon_id,

        ---------- what it takes off: what a coupon does never changes
        coalesce(
            {{ json_value('discounts.coupon', ['percent_off'], 'numeric') }}, coupons.percent_off
        ) as percent_off,
        coalesce(
            {{ json_value('discounts.coupon', ['amount_off'], 'numeric') }},
            coupons.amount_off_minor
        ) as amount_off_minor,
        coalesce(upper(discounts.coupon ->> 'currency'), coupons.currency) as currency,
        coalesce(discounts.coupon ->> 'duration', coupons.duration) as duration,

        ---------- timestamps
        discounts.starts_at,
        least(discounts.ends_at, takings_back.taken_back_at) as ends_at,

        ---------- bookkeeping
        discounts._load_id
    from discounts
    left join takings_back on discounts.discount_id = takings_back.discount_id
    left join coupons on {{ stripe_id('discounts.coupon') }} = coupons.coupon_id

)

select * from final

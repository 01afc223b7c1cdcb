-- One row per order placed in the shop.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='order_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['order_key'], 'unique': true},
            {'columns': ['order_id']},
            {'columns': ['visitor_hash', 'ts']},
            {'columns': ['session_id']},
            {'columns': ['_load_id']},
        ],
        post_hook="{{ rerate(['total_amount'], 'ts') }}",
        meta={'grain': ['order_id'], 'owner': 'data-team'},
    )
}}

with orders as (

    select * from {{ ref('int_commerce__events') }}
    where topic = 'purchase' and {{ arrived_since_last_build() }}

),

lines as (

    select
        order_key,
        count(*)::integer as line_count,
        sum(quantity)::integer as item_count,
        sum(quantity * unit_price) as items_amount
    from {{ ref('int_commerce__order_items') }}
    where {{ arrived_since_last_build() }}
    group by order_key

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

final as (

    select
        ---------- keys
        orders.event_key as order_key,
        orders.user_key,
        orders.learner_key,
        {{ surrogate_key(['orders.currency']) }} as currency_key,
        case when orders.is_misdated then 0 else {{ date_key(local_date('orders.ts')) }} end
            as date_key,
        case when orders.is_misdated then -1 else {{ time_key('orders.ts') }} end as time_key,

        ---------- ids
        orders.event_id as order_id,
        orders.student_hash,
        orders.visitor_hash,
        orders.session_id,
        orders.source_session_id,
        orders.stripe_payment_intent_id,

        ---------- amounts
        orders.total_amount::numeric(18, 4) as total_amount,
        -- unknown for a code that is no currency
        round(orders.total_amount * 10::numeric ^ currencies.iso_exponent)::bigint
            as total_amount_minor,
        orders.currency,
        {{ reporting_amount('orders.total_amount::numeric(18, 4)', 'orders.currency') }}
            as total_amount_reporting,
        lines.items_amount::numeric(24, 4) as items_amount,
        lines.line_count,
        lines.item_count,

        ---------- classification
        orders.lane as source,
        orders.is_anonymous,
        orders.is_misdated,
        -- as exact as the columns: some producers add up in binary fractions
        round(lines.items_amount, 4) = round(orders.total_amount, 4) as is_total_consistent,

        ---------- timestamps
        orders.ts,

        ---------- bookkeeping
        orders._load_id,
        orders._loaded_at
    from orders
    inner join lines on orders.event_key = lines.order_key
    left join currencies on orders.currency = currencies.currency
    left join fx_daily as fx
        on orders.currency = fx.currency and {{ local_date('orders.ts') }} = fx.rate_date

)

select * from final

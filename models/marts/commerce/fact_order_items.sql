-- One row per line of an order.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='order_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['order_item_key'], 'unique': true},
            {'columns': ['order_key']},
            {'columns': ['session_id']},
            {'columns': ['_load_id']},
        ],
        post_hook="{{ rerate(['line_amount'], 'ts') }}",
        meta={'grain': ['order_id', 'item_no'], 'owner': 'data-team'},
    )
}}

with items as (

    select * from {{ ref('int_commerce__order_items') }}
    where {{ arrived_since_last_build() }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['items.order_key', 'items.item_no']) }} as order_item_key,
        items.order_key,
        items.user_key,
        items.learner_key,
        {{ surrogate_key(['items.product_id']) }} as product_key,
        {{ surrogate_key(['items.currency']) }} as currency_key,
        case when items.is_misdated then 0 else {{ date_key(local_date('items.ts')) }} end
            as date_key,
        case when items.is_misdated then -1 else {{ time_key('items.ts') }} end as time_key,

        ---------- ids
        items.order_id,
        items.item_no,
        items.student_hash,
        items.visitor_hash,
        items.session_id,
        items.product_id,

        ---------- amounts
        items.quantity,
        items.unit_price::numeric(18, 4) as unit_price,
        (items.quantity * items.unit_price)::numeric(24, 4) as line_amount,
        items.currency,
        {{ reporting_amount(
            '(items.quantity * items.unit_price)::numeric(24, 4)', 'items.currency'
        ) }} as line_amount_reporting,

        ---------- classification
        items.lane as source,
        items.is_anonymous,
        items.is_misdated,

        ---------- timestamps
        items.ts,

        ---------- bookkeeping
        items._load_id,
        items._loaded_at
    from items
    left join fx_daily as fx
        on items.currency = fx.currency and {{ local_date('items.ts') }} = fx.rate_date

)

select * from final

-- One row per line of an order.
{{
    config(
        materialized='incremental',
        unique_key='order_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['order_item_key'], 'unique': true},
            {'columns': ['order_key']},
            {'columns': ['session_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['order_id', 'item_no'], 'owner': 'data-team'},
    )
}}

with items as (

    select * from {{ ref('int_commerce__order_items') }}
    where {{ arrived_since_last_build() }}

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['order_key', 'item_no']) }} as order_item_key,
        order_key,
        user_key,
        learner_key,
        {{ surrogate_key(['product_id']) }} as product_key,
        {{ surrogate_key(['currency']) }} as currency_key,
        case when is_misdated then 0 else {{ date_key(local_date('ts')) }} end as date_key,
        case when is_misdated then -1 else {{ time_key('ts') }} end as time_key,

        ---------- ids
        order_id,
        item_no,
        student_hash,
        visitor_hash,
        session_id,
        product_id,

        ---------- amounts
        quantity,
        unit_price::numeric(18, 4) as unit_price,
        (quantity * unit_price)::numeric(24, 4) as line_amount,
        currency,

        ---------- classification
        lane as source,
        is_anonymous,
        is_misdated,

        ---------- timestamps
        ts,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from items

)

select * from final

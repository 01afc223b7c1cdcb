-- One row per line of an order in the shop.
with orders as (

    select * from {{ ref('int_commerce__events') }}
    where topic = 'purchase'

),

lines as (

    select
        orders.*,
        line.item,
        line.item_no
    from orders
    cross join
        lateral jsonb_array_elements(orders.items) with ordinality as line (item, item_no)

),

final as (

    select
        ---------- ids
        event_key as order_key,
        event_id as order_id,
        item_no::integer as item_no,
        user_key,
        learner_key,
        student_hash,
        visitor_hash,
        session_id,
        {{ json_id('item', ['product_id']) }} as product_id,

        ---------- amounts
        {{ json_value('item', ['quantity'], 'integer') }} as quantity,
        {{ json_value('item', ['unit_price'], 'numeric') }} as unit_price,
        currency,

        ---------- classification
        lane,
        is_anonymous,
        is_misdated,

        ---------- timestamps
        ts,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from lines

)

select * from final

-- One row per step of a visitor towards a product: a look, a cart it is in, a line bought.
with events as (

    select * from {{ ref('int_commerce__events') }}
    where session_id is not null

),

order_items as (

    select * from {{ ref('int_commerce__order_items') }}
    where session_id is not null

),

final as (

    select
        event_key as step_key,
        session_id,
        product_id,
        case when topic = 'clicks' then 'click' else 'cart' end as step,
        null::text as order_key,
        ts
    from events
    where topic = 'clicks' or (event_kind <> 'remove' and quantity > 0)

    union all

    select
        {{ surrogate_key(['order_key', 'item_no']) }} as step_key,
        session_id,
        product_id,
        'purchase' as step,
        order_key,
        ts
    from order_items

)

select * from final

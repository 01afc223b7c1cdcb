-- One row per cart: a visitor's run of cart changes, up to an order or a long silence.
{{
    config(
        indexes=[{'columns': ['cart_key'], 'unique': true}],
        meta={'grain': ['cart_key'], 'owner': 'data-team'},
    )
}}

{%- set timeout = "interval '" ~ var('cart_timeout_hours') ~ " hours'" %}

with events as (

    select * from {{ ref('int_commerce__events') }}
    where topic in ('cart', 'purchase') and session_id is not null

),

-- a clock that ran ahead must not decide what "now" is
shop as (

    select max(session_end) as as_of from {{ ref('int_commerce__sessions') }}
    where session_end <= _loaded_at

),

marked as (

    select
        *,
        coalesce(
            lag(topic) over visits = 'cart' and ts - lag(ts) over visits <= {{ timeout }},
            false
        ) as continues
    from events
    window visits as (partition by visitor_hash order by ts, event_key)

),

numbered as (

    select
        *,
        count(*) filter (where not continues) over (
            partition by visitor_hash order by ts, event_key
        ) as cart_no
    from marked

),

carts as (

    select
        visitor_hash,
        cart_no,
        min(student_hash) as student_hash,
        (array_agg(event_key order by ts, event_key))[1] as first_event_key,
        (array_agg(user_key order by ts, event_key))[1] as user_key,
        (array_agg(learner_key order by ts, event_key))[1] as learner_key,
        min(ts) as opened_at,
        max(ts) as last_activity_at,
        max(ts) filter (where topic = 'purchase') as purchased_at,
        max(event_key) filter (where topic = 'purchase') as order_key,
        count(*) filter (where topic = 'cart')::integer as changes_count,
        count(distinct product_id)::integer as products_count,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from numbered
    group by visitor_hash, cart_no
    -- an order on its own, by invoice, was no cart
    having count(*) filter (where topic = 'cart') > 0

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['carts.first_event_key']) }} as cart_key,
        carts.user_key,
        carts.learner_key,
        carts.order_key,
        {{ date_key(local_date('carts.opened_at')) }} as date_key,

        ---------- ids
        carts.student_hash,
        carts.visitor_hash,

        ---------- measures
        carts.opened_at,
        carts.last_activity_at,
        carts.purchased_at,
        carts.changes_count,
        carts.products_count,

        ---------- flags
        carts.purchased_at is not null as is_purchased,
        carts.purchased_at is null and carts.last_activity_at < shop.as_of - {{ timeout }}
            as is_abandoned,

        ---------- bookkeeping
        carts._load_id,
        carts._loaded_at
    from carts
    cross join shop

)

select * from final

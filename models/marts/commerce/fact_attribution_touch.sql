-- One row per order and touch that came before it, with what each model of attribution gives it.
{{
    config(
        indexes=[
            {'columns': ['order_key', 'touch_no'], 'unique': true},
        ],
        meta={'grain': ['order_id', 'touch_no'], 'owner': 'data-team'},
    )
}}

with orders as (

    select * from {{ ref('fact_orders') }}
    where session_id is not null

),

touches as (

    select * from {{ ref('int_commerce__touches') }}

),

-- the session of the order always counts, so that every order has a touch
before_the_order as (

    select
        orders.order_key,
        orders.order_id,
        orders.user_key,
        orders.learner_key,
        orders.date_key,
        orders.student_hash,
        orders.visitor_hash,
        touches.session_id,
        touches.channel,
        touches.referrer_domain,
        touches.touched_at,
        row_number() over (
            partition by orders.order_key
            order by touches.touched_at, touches.referrer_domain nulls first
        ) as touch_no,
        count(*) over (partition by orders.order_key) as touches_count,
        orders._load_id,
        orders._loaded_at
    from orders
    inner join touches
        on
            orders.visitor_hash = touches.visitor_hash
            and orders.ts >= touches.touched_at
            and (
                orders.session_id = touches.session_id
                or orders.ts
                <= touches.touched_at + interval '{{ 24 * var("attribution_lookback_days") }} hours'
            )

),

credited as (

    select
        *,
        coalesce(
            max(touch_no) filter (where channel <> 'direct') over (partition by order_key),
            touches_count
        ) as credited_touch_no,
        -- in millionths; what is left of an even split goes to the last one
        1000000 / touches_count as even_share
    from before_the_order

),

final as (

    select
        ---------- keys
        order_key,
        user_key,
        learner_key,
        date_key,

        ---------- ids
        order_id,
        touch_no::integer as touch_no,
        student_hash,
        visitor_hash,
        session_id,

        ---------- the touch
        channel,
        referrer_domain,
        touched_at,

        ---------- credit
        case when touch_no = 1 then 1 else 0 end::numeric(7, 6) as weight_first,
        case when touch_no = credited_touch_no then 1 else 0 end::numeric(7, 6) as weight_last,
        (
            case
                when touch_no = touches_count then 1000000 - even_share * (touches_count - 1)
                else even_share
            end / 1000000.0
        )::numeric(7, 6) as weight_linear,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from credited

)

select * from final

-- One row per session and product the visitor looked at, put into the cart or bought.
{{
    config(
        materialized='incremental',
        unique_key='session_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['session_id', 'product_id'], 'unique': true},
            {'columns': ['visitor_hash', 'session_start']},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['session_id', 'product_id'], 'owner': 'data-team',
            'exists_column': 'product_id',
        },
    )
}}

with events as not materialized (

    select * from {{ ref('int_commerce__events') }}
    where session_id is not null

),

changed as (

    select
        session_id,
        visitor_hash,
        ts
    from events
    where {{ arrived_since_last_build() }}

),

touched as (

    {{ touched_sessions('changed', learner='visitor_hash') }}

),

sessions as (

    select * from {{ ref('int_commerce__sessions') }}

),

steps as not materialized (

    select * from {{ ref('int_commerce__product_steps') }}

),

firsts as (

    select
        steps.session_id,
        steps.product_id,
        min(steps.ts) filter (where steps.step = 'click') as first_click_at,
        min(steps.ts) filter (where steps.step = 'cart') as first_cart_at,
        min(steps.ts) filter (where steps.step = 'purchase') as purchased_at,
        count(*) filter (where steps.step = 'click')::integer as clicks_count,
        count(*) filter (where steps.step = 'cart')::integer as carts_count,
        count(distinct steps.order_key)::integer as purchases_count
    from steps
    {% if is_incremental() %}
        where steps.session_id in (select touched.session_id from touched)
    {% endif %}
    group by steps.session_id, steps.product_id

),

-- the way that led to the first purchase: a step counts if it does not come after the next one
cart_in_order as (

    select
        *,
        case when first_cart_at <= coalesce(purchased_at, 'infinity') then first_cart_at end
            as carted_at
    from firsts

),

in_order as (

    select
        *,
        case
            when first_click_at <= coalesce(carted_at, purchased_at, 'infinity')
                then first_click_at
        end as clicked_at
    from cart_in_order

),

final as (

    select
        ---------- keys
        sessions.user_key,
        sessions.learner_key,
        {{ surrogate_key(['in_order.product_id']) }} as product_key,
        sessions.date_key,

        ---------- ids
        touched.session_id,
        in_order.product_id,
        sessions.student_hash,
        sessions.visitor_hash,

        ---------- steps
        in_order.clicked_at,
        in_order.carted_at,
        in_order.purchased_at,
        case
            when in_order.purchased_at is not null then 'purchase'
            when in_order.carted_at is not null then 'cart'
            else 'click'
        end as furthest_step,
        case when in_order.clicked_at is null then 'direct' else 'click' end as entry,
        in_order.clicks_count,
        in_order.carts_count,
        in_order.purchases_count,

        ---------- latencies
        extract(epoch from in_order.carted_at - in_order.clicked_at)::integer
            as click_to_cart_seconds,
        extract(epoch from in_order.purchased_at - in_order.carted_at)::integer
            as cart_to_purchase_seconds,
        extract(epoch from in_order.purchased_at - in_order.clicked_at)::integer
            as click_to_purchase_seconds,

        ---------- timestamps
        sessions.session_start,

        ---------- bookkeeping
        sessions._load_id,
        sessions._loaded_at
    from touched
    left join in_order on touched.session_id = in_order.session_id
    left join sessions on touched.session_id = sessions.session_id

)

select * from final

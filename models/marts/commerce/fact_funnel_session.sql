-- One row per session and product the visitor looked at, put into the cart or bought.
{{
    config(
        materialized='incremental',
        event_time='session_start',
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

steps as (

    select
        *,
        min(ts) filter (where step = 'click') over (partition by session_id, product_id)
            as clicked_at
    from {{ ref('int_commerce__product_steps') }}
    {% if is_incremental() %}
        where session_id in (select touched.session_id from touched)
    {% endif %}

),

-- a step counts at or after the one before it; whoever never looked came straight to the cart
carted as (

    select
        *,
        min(ts) filter (where step = 'cart' and ts >= coalesce(clicked_at, '-infinity')) over (
            partition by session_id, product_id
        ) as carted_at
    from steps

),

products as (

    select
        session_id,
        product_id,
        min(clicked_at) as clicked_at,
        min(carted_at) as carted_at,
        min(ts) filter (
            where
            step = 'purchase'
            -- or straight to the order, by an invoice
            and (ts >= carted_at or (carted_at is null and clicked_at is null))
        ) as purchased_at,
        coalesce(min(ts) filter (where step <> 'click') < min(clicked_at), min(clicked_at) is null)
            as is_direct,
        count(*) filter (where step = 'click')::integer as clicks_count,
        count(*) filter (where step = 'cart')::integer as carts_count,
        count(distinct order_key)::integer as orders_count
    from carted
    group by session_id, product_id

),

final as (

    select
        ---------- keys
        sessions.user_key,
        sessions.learner_key,
        {{ surrogate_key(['products.product_id']) }} as product_key,
        sessions.date_key,

        ---------- ids
        touched.session_id,
        products.product_id,
        sessions.student_hash,
        sessions.visitor_hash,

        ---------- steps
        products.clicked_at,
        products.carted_at,
        products.purchased_at,
        case
            when products.purchased_at is not null then 'purchase'
            when products.carted_at is not null then 'cart'
            else 'click'
        end as furthest_step,
        case when products.is_direct then 'direct' else 'click' end as entry,
        products.clicks_count,
        products.carts_count,
        products.orders_count,

        ---------- latencies
        extract(epoch from products.carted_at - products.clicked_at)::integer
            as click_to_cart_seconds,
        extract(epoch from products.purchased_at - products.carted_at)::integer
            as cart_to_purchase_seconds,
        extract(epoch from products.purchased_at - products.clicked_at)::integer
            as click_to_purchase_seconds,

        ---------- timestamps
        sessions.session_start,

        ---------- bookkeeping
        sessions._load_id,
        sessions._loaded_at
    from touched
    -- an increment also returns the sessions without a product any more, to be deleted
    {{ 'left' if is_incremental() else 'inner' }} join products
        on touched.session_id = products.session_id
    left join sessions on touched.session_id = sessions.session_id

)

select * from final

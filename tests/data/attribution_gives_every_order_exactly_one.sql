-- Reconciliation: whatever the model of attribution, the touches of an order share exactly 1 of it,
-- and every order with a session has touches.
with shares as (

    select
        order_key,
        sum(weight_first) as first_share,
        sum(weight_last) as last_share,
        sum(weight_linear) as linear_share
    from {{ ref('fact_attribution_touch') }}
    group by order_key

),

orders as (

    select order_key from {{ ref('fact_orders') }}
    where session_id is not null

)

select
    orders.order_key as order_without_touch,
    shares.*
from orders
full outer join shares on orders.order_key = shares.order_key
where
    orders.order_key is null
    or coalesce(shares.first_share, 0) <> 1
    or coalesce(shares.last_share, 0) <> 1
    or coalesce(shares.linear_share, 0) <> 1

-- Reconciliation: what was bought in a session is in its funnel, in as many orders.
with bought as (

    select
        session_id,
        product_id,
        count(distinct order_key) as orders_count
    from {{ ref('fact_order_items') }}
    where session_id is not null
    group by session_id, product_id

),

funnels as (

    select * from {{ ref('fact_funnel_session') }}
    where orders_count > 0

)

select
    bought.session_id as session_id_of_orders,
    funnels.session_id
from bought
full outer join funnels
    on bought.session_id = funnels.session_id and bought.product_id = funnels.product_id
where bought.orders_count is distinct from funnels.orders_count

-- How far do visitors get with each product, and which products are left in the cart?
with funnels as (

    select * from {{ ref('fact_funnel_session') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

users as (

    select * from {{ ref('dim_user') }}

),

-- neither those who test the shop nor those who run it
visits as (

    select funnels.*
    from funnels
    inner join users on funnels.user_key = users.user_key
    where
        not coalesce(users.is_test_user, false)
        and not coalesce(users.is_staff, false)

),

steps as (

    select
        product_key,
        count(clicked_at) as clicked,
        count(carted_at) filter (where clicked_at is not null) as carted,
        count(purchased_at) filter (where clicked_at is not null) as purchased,
        count(*) filter (where entry = 'direct') as direct_entries,
        count(*) filter (where orders_count > 0) as visits_with_order,
        count(*) filter (where carts_count > 0 and orders_count = 0) as visits_left_in_cart,
        percentile_cont(0.5) within group (order by click_to_purchase_seconds)
            as median_seconds_to_order
    from visits
    group by product_key

),

final as (

    select
        products.product_id,
        products.name,
        products.category,
        steps.clicked,
        steps.carted,
        steps.purchased,
        round(100.0 * steps.carted / nullif(steps.clicked, 0), 1) as click_to_cart_pct,
        round(100.0 * steps.purchased / nullif(steps.carted, 0), 1) as cart_to_order_pct,
        steps.direct_entries,
        steps.visits_with_order,
        steps.visits_left_in_cart,
        round(steps.median_seconds_to_order)::integer as median_seconds_to_order
    from steps
    inner join products on steps.product_key = products.product_key

)

select * from final
order by visits_left_in_cart desc, product_id asc

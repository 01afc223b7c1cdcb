-- Of the visitors who look at a product, how many order it within days, in however many visits?
{%- set window = "interval '" ~ var('funnel_window_days') ~ " days'" %}

with product_steps as (

    select * from {{ ref('int_commerce__product_steps') }}

),

visits as (

    select * from {{ ref('int_commerce__sessions') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

users as (

    select * from {{ ref('dim_user') }}

),

-- neither those who test the shop nor those who run it
steps as (

    select
        visits.visitor_hash,
        product_steps.product_id,
        product_steps.step,
        product_steps.ts
    from product_steps
    inner join visits on product_steps.session_id = visits.session_id
    inner join users on visits.user_key = users.user_key
    where
        not coalesce(users.is_test_user, false)
        and not coalesce(users.is_staff, false)

),

-- the last look before or at a step is the one that leaves it the most time
looked as (

    select
        *,
        max(ts) filter (where step = 'click') over (
            partition by visitor_hash, product_id
            order by ts
        ) as looked_at
    from steps

),

carted as (

    select
        *,
        max(looked_at) filter (where step = 'cart') over (
            partition by visitor_hash, product_id
            order by ts
        ) as looked_before_cart_at
    from looked

),

funnels as (

    select
        visitor_hash,
        product_id,
        bool_or(step = 'click') as has_clicked,
        bool_or(step = 'cart' and ts <= looked_at + {{ window }}) as has_carted,
        bool_or(step = 'purchase' and ts <= looked_before_cart_at + {{ window }})
            as has_purchased,
        bool_or(step <> 'click' and looked_at is null) as is_direct
    from carted
    group by visitor_hash, product_id

),

counted as (

    select
        product_id,
        count(*) filter (where has_clicked) as clicked,
        count(*) filter (where has_carted) as carted,
        count(*) filter (where has_purchased) as purchased,
        count(*) filter (where is_direct) as direct_entries
    from funnels
    group by product_id

),

final as (

    select
        products.product_id,
        products.name,
        products.category,
        {{ var('funnel_window_days') }} as window_days,
        counted.clicked,
        counted.carted,
        counted.purchased,
        round(100.0 * counted.carted / nullif(counted.clicked, 0), 1) as click_to_cart_pct,
        round(100.0 * counted.purchased / nullif(counted.carted, 0), 1) as cart_to_order_pct,
        counted.direct_entries
    from counted
    inner join products on counted.product_id = products.product_id

)

select * from final
order by clicked desc, product_id asc

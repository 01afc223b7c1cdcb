-- One row per session in the shop, product and step the visitor took towards buying it.
{{
    config(
        materialized='view',
        meta={'grain': ['session_id', 'product_id', 'step'], 'owner': 'data-team'},
    )
}}

with funnels as (

    select * from {{ ref('fact_funnel_session') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

final as (

    select
        funnels.session_id,
        funnels.product_id,
        steps.step,
        steps.step_no || '. ' || steps.step as numbered_step,
        coalesce(products.name, funnels.product_id, 'no product') as product_name,
        coalesce(products.category, 'not in the catalogue') as product_category,
        funnels.clicked_at is not null as has_looked,
        funnels.session_start
    from funnels
    cross join
        lateral (
            values
            (1, 'look', funnels.clicked_at),
            (2, 'cart', funnels.carted_at),
            (3, 'purchase', funnels.purchased_at)
        ) as steps (step_no, step, taken_at)
    left join products on funnels.product_key = products.product_key
    where steps.taken_at is not null

)

select * from final

-- One row per line of an order, with the product's name and without the buyer.
{{ config(materialized='view', meta={'grain': ['order_item_key'], 'owner': 'data-team'}) }}

with order_items as (

    select * from {{ ref('fact_order_items') }}
    where not is_misdated

),

products as (

    select * from {{ ref('dim_product') }}

),

final as (

    select
        order_items.order_item_key,
        order_items.order_id,
        order_items.item_no,
        order_items.product_id,
        coalesce(products.name, order_items.product_id, 'no product') as product_name,
        coalesce(products.category, 'not in the catalogue') as product_category,
        order_items.quantity,
        order_items.line_amount,
        order_items.currency,
        order_items.line_amount_reporting,
        order_items.ts as ordered_at
    from order_items
    left join products on order_items.product_key = products.product_key

)

select * from final

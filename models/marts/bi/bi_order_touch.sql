-- One row per order and touch before it, with what each model of attribution credits it with.
{{ config(materialized='view', meta={'grain': ['order_id', 'touch_no'], 'owner': 'data-team'}) }}

with touches as (

    select * from {{ ref('fact_attribution_touch') }}

),

orders as (

    select * from {{ ref('fact_orders') }}
    where not is_misdated

),

final as (

    select
        touches.order_id,
        touches.touch_no,
        touches.channel,
        coalesce(touches.referrer_domain, 'none') as referrer_domain,
        touches.touched_at,
        orders.ts as ordered_at,
        touches.weight_last,
        (orders.total_amount_reporting * touches.weight_first)::numeric(24, 4)
            as first_amount_reporting,
        (orders.total_amount_reporting * touches.weight_last)::numeric(24, 4)
            as last_amount_reporting,
        (orders.total_amount_reporting * touches.weight_linear)::numeric(24, 4)
            as linear_amount_reporting
    from touches
    inner join orders on touches.order_key = orders.order_key

)

select * from final

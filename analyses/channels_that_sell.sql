-- Which channels do orders owe themselves to, and does the answer depend on how credit is given?
with touches as (

    select * from {{ ref('fact_attribution_touch') }}

),

orders as (

    select * from {{ ref('fact_orders') }}

),

credited as (

    select
        orders.currency,
        touches.channel,
        count(distinct orders.order_key) as orders_touched,
        sum(touches.weight_first) as orders_first,
        sum(touches.weight_last) as orders_last,
        sum(touches.weight_linear) as orders_linear,
        sum(touches.weight_first * orders.total_amount) as revenue_first,
        sum(touches.weight_last * orders.total_amount) as revenue_last,
        sum(touches.weight_linear * orders.total_amount) as revenue_linear
    from touches
    inner join orders on touches.order_key = orders.order_key
    group by orders.currency, touches.channel

),

final as (

    select
        currency,
        channel,
        orders_touched,
        orders_first::integer as orders_first,
        orders_last::integer as orders_last,
        round(orders_linear, 1) as orders_linear,
        round(revenue_first, 2) as revenue_first,
        round(revenue_last, 2) as revenue_last,
        round(revenue_linear, 2) as revenue_linear,
        round(100 * revenue_last / nullif(sum(revenue_last) over (partition by currency), 0), 1)
            as share_last_pct,
        -- of the models with the highest and the lowest opinion of the channel
        round(
            greatest(revenue_first, revenue_last, revenue_linear)
            / nullif(least(revenue_first, revenue_last, revenue_linear), 0),
            2
        ) as models_differ_by
    from credited

)

select * from final
order by currency asc, revenue_last desc, channel asc

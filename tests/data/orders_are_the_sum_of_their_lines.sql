-- Reconciliation: lines, units and amount of every order are those of its lines.
with lines as (

    select
        order_key,
        count(*) as line_count,
        sum(quantity) as item_count,
        sum(line_amount) as items_amount
    from {{ ref('fact_order_items') }}
    group by order_key

),

orders as (

    select * from {{ ref('fact_orders') }}

)

select
    lines.order_key as order_key_of_lines,
    orders.order_key
from lines
full outer join orders on lines.order_key = orders.order_key
where
    (lines.line_count, lines.item_count) is distinct from (orders.line_count, orders.item_count)
    -- each line is rounded to the column's four digits
    or abs(lines.items_amount - orders.items_amount) > 0.0001 * lines.line_count

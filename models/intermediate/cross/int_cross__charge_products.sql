-- One row per charge and product it was for, with its share; product null where nobody knows.
{{ config(materialized='table', indexes=[{'columns': ['charge_id']}]) }}

with charges as (

    select * from {{ ref('int_finance__charges') }}

),

intents as (

    select * from {{ ref('int_finance__payment_intents') }}

),

lines as (

    select * from {{ ref('int_finance__invoice_lines') }}

),

stripe_products as (

    select * from {{ ref('int_finance__products') }}
    where is_current

),

orders as (

    select * from {{ ref('fact_orders') }}
    where stripe_payment_intent_id is not null

),

order_items as (

    select * from {{ ref('fact_order_items') }}

),

-- what a line takes back (an upgrade, a correction) lowers the share of its product only
candidates as (

    select
        charges.charge_id,
        1 as place,
        lines.product_id,
        sum(lines.amount_ex_tax_minor)::numeric as weight,
        min(lines.period_start) as period_start,
        max(lines.period_end) as period_end
    from charges
    inner join lines on charges.invoice_id = lines.invoice_id
    group by charges.charge_id, lines.product_id

    union all

    select
        charges.charge_id,
        2 as place,
        coalesce(intents.metadata ->> 'product_id', charges.metadata ->> 'product_id')
            as product_id,
        1 as weight,
        null as period_start,
        null as period_end
    from charges
    left join intents on charges.payment_intent_id = intents.payment_intent_id
    where coalesce(intents.metadata ->> 'product_id', charges.metadata ->> 'product_id') is not null

    union all

    select
        charges.charge_id,
        3 as place,
        order_items.product_id,
        sum(order_items.line_amount) as weight,
        null as period_start,
        null as period_end
    from charges
    inner join orders on charges.payment_intent_id = orders.stripe_payment_intent_id
    inner join order_items on orders.order_key = order_items.order_key
    group by charges.charge_id, order_items.product_id

),

-- in the names of the catalogue
weighted as (

    select
        candidates.charge_id,
        coalesce(stripe_products.catalogue_product_id, candidates.product_id) as product_id,
        candidates.place,
        min(candidates.place) over (partition by candidates.charge_id) as first_place,
        sum(candidates.weight) as weight,
        min(candidates.period_start) as period_start,
        max(candidates.period_end) as period_end
    from candidates
    left join stripe_products on candidates.product_id = stripe_products.product_id
    group by
        candidates.charge_id,
        coalesce(stripe_products.catalogue_product_id, candidates.product_id),
        candidates.place
    having sum(candidates.weight) > 0

),

periods as (

    select
        charges.charge_id,
        weighted.product_id,
        trim_scale(
            coalesce(
                weighted.weight / sum(weighted.weight) over (partition by charges.charge_id), 1
            )
        ) as share,
        {{ local_date('weighted.period_start') }} as period_start_date,
        {{ local_date('weighted.period_end') }} as period_end_date,
        {{ local_month('charges.created_at') }} as month_start_date
    from charges
    left join weighted
        on
            charges.charge_id = weighted.charge_id
            and weighted.place = weighted.first_place

),

final as (

    select
        charge_id,
        product_id,
        share,
        -- what has no period of its own is of its month
        case
            when period_end_date > period_start_date then period_start_date
            else month_start_date
        end as period_start_date,
        case
            when period_end_date > period_start_date then period_end_date
            else (month_start_date + interval '1 month')::date
        end as period_end_date
    from periods

)

select * from final

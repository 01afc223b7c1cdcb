-- One row per month, product, length of its period and currency with recurring revenue.
{{
    config(
        meta={
            'grain': ['month_start_date', 'product_id', 'billing_period', 'currency'],
            'owner': 'data-team',
        },
    )
}}

with items as (

    select * from {{ ref('fact_mrr_monthly') }}

),

products as (

    select * from {{ ref('dim_product_catalog') }}
    where is_current

),

prices as (

    select * from {{ ref('dim_price') }}
    where is_current

),

named as (

    select
        items.*,
        coalesce(products.name, items.product_id, 'no product') as product_name,
        case
            when prices.recurring_interval is null then 'unknown'
            when prices.interval_count = 1 then prices.recurring_interval
            else prices.interval_count || ' ' || prices.recurring_interval || 's'
        end as billing_period
    from items
    left join products on items.product_id = products.product_id
    left join prices on items.price_id = prices.price_id

),

final as (

    select
        month_start_date,
        product_id,
        product_name,
        billing_period,
        currency,
        count(distinct customer_id)::integer as customers_count,
        sum(quantity)::numeric(24, 4) as quantity,
        sum(mrr_gross)::numeric(24, 4) as mrr_gross,
        sum(mrr_discount)::numeric(24, 4) as mrr_discount,
        sum(mrr_net)::numeric(24, 4) as mrr_net,
        sum(mrr_reporting)::numeric(24, 4) as mrr_reporting
    from named
    group by month_start_date, product_id, product_name, billing_period, currency

)

select * from final

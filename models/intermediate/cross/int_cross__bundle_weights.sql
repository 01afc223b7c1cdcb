-- One row per charge for a bundle and course in it, weighted by the list price of the course.
with charge_products as (

    select * from {{ ref('int_cross__charge_products') }}

),

charges as (

    select * from {{ ref('int_finance__charges') }}

),

bundles as (

    select * from {{ ref('bundle_courses') }}

),

products as (

    select * from {{ ref('int_cross__products') }}

),

stripe_products as (

    select * from {{ ref('int_finance__products') }}
    where is_current

),

list_prices as (

    select
        coalesce(stripe_products.catalogue_product_id, prices.product_id) as product_id,
        prices.currency,
        prices.unit_amount_minor,
        prices.price_id,
        prices.created_at
    from (select * from {{ ref('int_finance__prices') }}) as prices
    left join stripe_products on prices.product_id = stripe_products.product_id
    -- what a course costs once
    where prices.is_current and prices.recurring_interval is null and prices.unit_amount_minor > 0

),

parts as (

    select
        charge_products.charge_id,
        charge_products.product_id,
        products.course_id,
        charges.currency,
        charges.created_at,
        bundles.course_product_id
    from charge_products
    inner join charges on charge_products.charge_id = charges.charge_id
    inner join bundles on charge_products.product_id = bundles.bundle_product_id
    inner join products on bundles.course_product_id = products.product_id
    where products.course_id is not null

),

-- the newest price there was, or before any the first; amounts of a price never change in Stripe
priced as (

    select distinct on (parts.charge_id, parts.product_id, parts.course_product_id)
        parts.charge_id,
        parts.product_id,
        parts.course_id,
        list_prices.unit_amount_minor
    from parts
    left join list_prices
        on
            parts.course_product_id = list_prices.product_id
            and parts.currency = list_prices.currency
    order by
        parts.charge_id asc,
        parts.product_id asc,
        parts.course_product_id asc,
        (list_prices.created_at <= parts.created_at) desc nulls last,
        case
            when list_prices.created_at <= parts.created_at then list_prices.created_at
        end desc nulls last,
        list_prices.created_at asc,
        list_prices.price_id asc

),

final as (

    select
        charge_id,
        product_id,
        course_id,
        -- of equal weight where one of them has no price in the currency
        case
            when count(*) over parts = count(unit_amount_minor) over parts then unit_amount_minor
            else 1
        end as weight
    from priced
    window parts as (partition by charge_id, product_id)

)

select * from final

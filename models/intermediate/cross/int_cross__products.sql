-- One row per product that money can be for: of the catalogue or only in Stripe.
with catalogue as (

    select * from {{ ref('course_products') }}

),

bundles as (

    select distinct bundle_product_id from {{ ref('bundle_courses') }}

),

products as (

    select * from {{ ref('int_finance__products') }}
    where is_current

),

-- Stripe may sell one of ours as several of its own
sold as (

    select
        coalesce(catalogue_product_id, product_id) as product_id,
        min(product_type) as product_type
    from products
    group by 1

),

final as (

    select
        coalesce(catalogue.product_id, sold.product_id) as product_id,
        catalogue.course_id,
        case
            when catalogue.course_id is not null then 'course'
            when bundles.bundle_product_id is not null then 'bundle'
            -- what Stripe calls a course or a bundle is of no use if nobody says of which courses
            when coalesce(sold.product_type, catalogue.category) in ('all_access', 'subscription')
                then 'all_access'
            else 'other'
        end as product_type
    from catalogue
    full outer join sold on catalogue.product_id = sold.product_id
    left join bundles on catalogue.product_id = bundles.bundle_product_id

)

select * from final

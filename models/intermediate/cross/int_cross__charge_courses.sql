-- One row per charge, product and course, with the share of the charge that is the course's.
{{ config(materialized='table', indexes=[{'columns': ['charge_id']}, {'columns': ['course_id']}]) }}

with charge_products as (

    select * from {{ ref('int_cross__charge_products') }}

),

products as (

    select * from {{ ref('int_cross__products') }}

),

bundle_weights as (

    select * from {{ ref('int_cross__bundle_weights') }}

),

access_weights as (

    select * from {{ ref('int_cross__access_weights') }}

),

weights as (

    select
        charge_products.charge_id,
        charge_products.product_id,
        products.course_id,
        'direct' as allocation,
        1::numeric as weight
    from charge_products
    inner join products on charge_products.product_id = products.product_id
    where products.product_type = 'course'

    union all

    select
        charge_id,
        product_id,
        course_id,
        'bundle' as allocation,
        weight
    from bundle_weights

    union all

    select
        charge_id,
        product_id,
        course_id,
        'all_access' as allocation,
        weight
    from access_weights

),

final as (

    select
        charge_products.charge_id,
        charge_products.product_id,
        weights.course_id,
        coalesce(weights.allocation, 'unallocated') as allocation,
        case
            when weights.course_id is not null then null
            when charge_products.product_id is null then 'no product known'
            when products.product_type = 'all_access' then 'nobody enrolled'
            else 'product without course'
        end as unallocated_reason,
        trim_scale(
            charge_products.share * coalesce(
                weights.weight / sum(weights.weight) over (
                    partition by charge_products.charge_id, charge_products.product_id
                ),
                1
            )
        ) as share
    from charge_products
    left join products on charge_products.product_id = products.product_id
    left join weights
        on
            charge_products.charge_id = weights.charge_id
            and charge_products.product_id = weights.product_id

)

select * from final

-- One row per version of a product of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['product_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'product'

),

catalogue as (

    select * from {{ ref('course_products') }}

),

products as (

    select
        versions.*,
        product.name,
        product.metadata,
        product.metadata ->> 'product_id' as catalogue_product_id,
        coalesce(product.active, false) as is_active,
        {{ epoch_to_timestamp('product.created') }} as created_at
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as product (
            name text,
            active boolean,
            metadata jsonb,
            created bigint
        )

),

final as (

    select
        ---------- ids
        products.object_id as product_id,
        products.catalogue_product_id,

        ---------- when it was so
        products.valid_from,
        products.valid_to,
        products.version_no,
        products.is_current,
        products.is_deleted,

        ---------- what it is
        products.name,
        case coalesce(products.metadata ->> 'product_type', catalogue.category)
            when 'course' then 'course'
            when 'bundle' then 'bundle'
            when 'all_access' then 'all_access'
            when 'subscription' then 'all_access'
            else 'other'
        end as product_type,
        products.is_active,
        products.created_at,

        ---------- bookkeeping
        products._load_id
    from products
    left join catalogue on products.catalogue_product_id = catalogue.product_id

)

select * from final

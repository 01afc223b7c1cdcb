-- One row per product: those of the catalogue, and those that only events know.
{{
    config(
        indexes=[{'columns': ['product_key'], 'unique': true}, {'columns': ['course_id']}],
        meta={'grain': ['product_id'], 'owner': 'data-team'},
    )
}}

with catalogue as (

    select * from {{ ref('course_products') }}

),

mentioned as (

    select product_id from {{ ref('fact_clicks') }}
    union
    select product_id from {{ ref('fact_cart') }}
    union
    select product_id from {{ ref('fact_order_items') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current

),

products as (

    select
        coalesce(catalogue.product_id, mentioned.product_id) as product_id,
        catalogue.name,
        catalogue.category,
        catalogue.course_id,
        catalogue.product_id is not null as is_known
    from catalogue
    full outer join mentioned on catalogue.product_id = mentioned.product_id

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        {{ surrogate_key(['products.product_id']) }} as product_key,
        products.product_id,
        products.name,
        products.category,
        products.course_id,
        coalesce(courses.course_key, {{ version_key('products.course_id') }}) as course_key,
        coalesce(products.is_known, unknown_member.is_known) as is_known
    from products
    full outer join unknown_member on false
    left join courses on products.course_id = courses.course_id

)

select * from final

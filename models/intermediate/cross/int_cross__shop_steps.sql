-- One row per look, cart or order of a known learner and course the product gives access to.
with clicks as (

    select * from {{ ref('fact_clicks') }}
    where student_hash is not null and not is_misdated

),

carts as (

    select * from {{ ref('fact_cart') }}
    where
        student_hash is not null
        and not is_misdated
        and event_kind <> 'remove'
        and quantity > 0

),

order_items as (

    select * from {{ ref('fact_order_items') }}
    where student_hash is not null and not is_misdated

),

products as (

    select * from {{ ref('int_cross__products') }}

),

bundles as (

    select * from {{ ref('bundle_courses') }}

),

-- what opens every course is a step towards none
courses_of_products as (

    select
        product_id,
        course_id
    from products
    where course_id is not null

    union

    select
        bundles.bundle_product_id as product_id,
        products.course_id
    from bundles
    inner join products on bundles.course_product_id = products.product_id
    where products.course_id is not null

),

steps as (

    {% for step, relation, key in [
        ('click', 'clicks', 'event_key'),
        ('cart', 'carts', 'event_key'),
        ('purchase', 'order_items', 'order_item_key'),
    ] %}
        select
            {{ key }} as event_key,
            student_hash,
            product_id,
            '{{ step }}' as step,
            ts
        from {{ relation }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        {{ surrogate_key(['steps.event_key', 'courses_of_products.course_id']) }} as shop_step_key,
        steps.student_hash,
        courses_of_products.course_id,
        steps.step,
        steps.ts
    from steps
    inner join courses_of_products on steps.product_id = courses_of_products.product_id

)

select * from final

-- One row per enrolment that came after an order of its course by the same person: the last one.
with enrolments as (

    select * from {{ ref('int_moodle__enrolments') }}

),

items as (

    select * from {{ ref('fact_order_items') }}
    where student_hash is not null and not is_misdated

),

catalogue as (

    select * from {{ ref('course_products') }}
    where course_id is not null

),

bundles as (

    select * from {{ ref('bundle_courses') }}

),

products as (

    select
        product_id,
        course_id
    from catalogue

    union

    select
        bundles.bundle_product_id as product_id,
        catalogue.course_id
    from bundles
    inner join catalogue on bundles.course_product_id = catalogue.product_id

),

final as (

    select distinct on (enrolments.enrolment_id)
        enrolments.enrolment_id,
        items.order_key
    from enrolments
    inner join products on enrolments.course_id = products.course_id
    inner join items
        on
            enrolments.student_hash = items.student_hash
            and products.product_id = items.product_id
            and enrolments.enrolled_at >= items.ts
    order by enrolments.enrolment_id asc, items.ts desc, items.order_key asc

)

select * from final

-- One row per charge for access to all courses and course its learners had something of.
with charge_products as (

    select * from {{ ref('int_cross__charge_products') }}

),

products as (

    select * from {{ ref('int_cross__products') }}

),

charge_learners as (

    select * from {{ ref('int_cross__charge_learners') }}

),

days as (

    select * from {{ ref('int_learning__learner_course_days') }}

),

learner_courses as (

    select * from {{ ref('int_learning__learner_courses') }}
    where is_student

),

-- courses that are sold one by one, too
courses as (

    select distinct course_id from products
    where course_id is not null

),

access as (

    select
        charge_products.charge_id,
        charge_products.product_id,
        charge_products.period_start_date,
        charge_products.period_end_date,
        charge_learners.student_hash
    from charge_products
    inner join products on charge_products.product_id = products.product_id
    inner join charge_learners on charge_products.charge_id = charge_learners.charge_id
    where products.product_type = 'all_access'

),

studied as (

    select
        access.charge_id,
        access.product_id,
        days.course_id,
        sum(days.dwell_seconds)::numeric as weight
    from access
    inner join days
        on
            access.student_hash = days.student_hash
            and access.period_start_date <= days.activity_date
            and access.period_end_date > days.activity_date
    inner join courses on days.course_id = courses.course_id
    where days.dwell_seconds > 0
    group by access.charge_id, access.product_id, days.course_id

),

-- who studied nothing had the courses all the same
enrolled as (

    select
        access.charge_id,
        access.product_id,
        learner_courses.course_id,
        count(*)::numeric as weight
    from access
    inner join learner_courses
        on
            access.student_hash = learner_courses.student_hash
            and access.period_end_date > {{ local_date('learner_courses.enrolled_at') }}
            and access.period_start_date
            <= coalesce({{ local_date('learner_courses.unenrolled_at') }}, 'infinity')
    inner join courses on learner_courses.course_id = courses.course_id
    where
        (access.charge_id, access.product_id) not in (
            select
                studied.charge_id,
                studied.product_id
            from studied
        )
    group by access.charge_id, access.product_id, learner_courses.course_id

),

final as (

    select
        charge_id,
        product_id,
        course_id,
        'time' as basis,
        weight
    from studied

    union all

    select
        charge_id,
        product_id,
        course_id,
        'enrolment' as basis,
        weight
    from enrolled

)

select * from final

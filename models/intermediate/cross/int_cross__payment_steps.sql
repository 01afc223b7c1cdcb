-- One row per learner, course and payment for it, with the refund that undid it.
with charges as (

    select * from {{ ref('int_finance__charges') }}
    where is_paid and status = 'succeeded' and amount_captured_minor > 0

),

charge_learners as (

    select * from {{ ref('int_cross__charge_learners') }}

),

-- access to all courses is paid for none of them in particular
charge_courses as (

    select distinct
        charge_id,
        course_id
    from {{ ref('int_cross__charge_courses') }}
    where allocation in ('direct', 'bundle')

),

refunds as (

    select
        charge_id,
        min(created_at) as first_refunded_at
    from {{ ref('int_finance__refunds') }}
    where status = 'succeeded'
    group by charge_id

),

final as (

    select
        charge_learners.person_key,
        charge_courses.course_id,
        charges.charge_id,
        charges.created_at as paid_at,
        refunds.first_refunded_at
    from charges
    inner join charge_learners on charges.charge_id = charge_learners.charge_id
    inner join charge_courses on charges.charge_id = charge_courses.charge_id
    left join refunds on charges.charge_id = refunds.charge_id
    group by
        charge_learners.person_key,
        charge_courses.course_id,
        charges.charge_id,
        charges.created_at,
        refunds.first_refunded_at

)

select * from final

-- One row per charge and learner it was for: named with the payment, paid for by the customer, or
-- the customer in person.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['charge_id', 'student_hash'], 'unique': true}],
    )
}}

with charges as (

    select * from {{ ref('int_finance__charges') }}

),

mentions as (

    select * from {{ ref('int_cross__charge_mentions') }}

),

customer_persons as (

    select * from {{ ref('int_cross__customer_persons') }}

),

learners as (

    select
        source_id as student_hash,
        person_key
    from {{ ref('int_cross__person_accounts') }}
    where source_system <> 'stripe'

),

candidates as (

    select
        charge_id,
        student_hash,
        'payment' as basis,
        1 as place
    from mentions

    union all

    select
        charges.charge_id,
        -- the accounts of the person: whoever has two may learn in either
        learners.student_hash,
        case customer_persons.relationship_type
            when 'payer_for' then 'customer pays for'
            else 'customer'
        end as basis,
        2 as place
    from charges
    inner join customer_persons on charges.customer_id = customer_persons.customer_id
    inner join learners on customer_persons.person_key = learners.person_key

),

ranked as (

    select
        candidates.charge_id,
        candidates.student_hash,
        learners.person_key,
        candidates.basis,
        rank() over (partition by candidates.charge_id order by candidates.place) as rank_of_basis
    from candidates
    -- whom nobody knows cannot have learned
    inner join learners on candidates.student_hash = learners.student_hash

),

final as (

    select
        charge_id,
        student_hash,
        person_key,
        basis
    from ranked
    where rank_of_basis = 1

)

select * from final

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

person_accounts as (

    select * from {{ ref('int_cross__person_accounts') }}

),

learners as (

    select
        source_id as student_hash,
        person_key
    from person_accounts
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
        case person_accounts.relationship_type
            when 'payer_for' then 'customer pays for'
            else 'customer'
        end as basis,
        case person_accounts.relationship_type when 'payer_for' then 2 else 3 end as place
    from charges
    inner join person_accounts
        on
            person_accounts.source_system = 'stripe'
            and charges.customer_id = person_accounts.source_id
    inner join learners on person_accounts.person_key = learners.person_key

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

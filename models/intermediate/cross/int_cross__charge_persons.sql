-- One row per charge and person it was for, or who paid, if no learner is known.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['charge_id']}, {'columns': ['person_key']}],
    )
}}

with charges as (

    select * from {{ ref('int_finance__charges') }}

),

learners as (

    select
        charge_id,
        person_key,
        min(basis) as basis
    from {{ ref('int_cross__charge_learners') }}
    group by charge_id, person_key

),

payers as (

    select
        source_id as customer_id,
        person_key
    from {{ ref('int_cross__person_accounts') }}
    where source_system = 'stripe' and relationship_type = 'self'

),

final as (

    select
        charges.charge_id,
        payers.person_key as payer_person_key,
        coalesce(learners.person_key, payers.person_key) as person_key,
        coalesce(learners.basis, 'payer') as basis,
        trim_scale(1.0 / count(*) over (partition by charges.charge_id)) as share
    from charges
    left join payers on charges.customer_id = payers.customer_id
    left join learners on charges.charge_id = learners.charge_id
    where coalesce(learners.person_key, payers.person_key) is not null

)

select * from final

-- One row per refund, dispute and failed payment of a payer.
with charges as (

    select * from {{ ref('int_finance__charges') }}

),

refunds as (

    select * from {{ ref('int_finance__refunds') }}
    where status = 'succeeded'

),

disputes as (

    select * from {{ ref('int_finance__disputes') }}

),

payers as (

    select
        source_id as customer_id,
        person_key
    from {{ ref('int_cross__person_accounts') }}
    where source_system = 'stripe' and relationship_type = 'self'

),

incidents as (

    select
        refund_id as incident_id,
        charge_id,
        'refund' as kind,
        created_at
    from refunds

    union all

    select
        dispute_id as incident_id,
        charge_id,
        'dispute' as kind,
        created_at
    from disputes

    union all

    select
        charge_id as incident_id,
        charge_id,
        'failed payment' as kind,
        created_at
    from charges
    where status = 'failed'

),

final as (

    select
        incidents.incident_id,
        incidents.charge_id,
        incidents.kind,
        payers.person_key as payer_person_key,
        {{ local_date('incidents.created_at') }} as date
    from incidents
    inner join charges on incidents.charge_id = charges.charge_id
    inner join payers on charges.customer_id = payers.customer_id

)

select * from final

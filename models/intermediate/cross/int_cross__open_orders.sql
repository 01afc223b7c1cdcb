-- One row per payment that could be refunded, with the days on which it could.
{{ config(materialized='table', indexes=[{'columns': ['charge_id'], 'unique': true}]) }}

with charges as (

    select * from {{ ref('int_finance__charges') }}
    where is_paid and status = 'succeeded' and amount_captured_minor > 0

),

refunds as (

    select
        *,
        sum(amount_minor) over (partition by charge_id order by created_at, refund_id)
            as refunded_minor
    from {{ ref('int_finance__refunds') }}
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

as_of as (

    select * from {{ ref('int_cross__as_of') }}

),

closings as (

    select
        charges.charge_id,
        refunds.created_at as closed_at
    from charges
    inner join refunds
        on
            charges.charge_id = refunds.charge_id
            and charges.amount_captured_minor <= refunds.refunded_minor

    union all

    select
        charge_id,
        created_at as closed_at
    from disputes

),

closed as (

    select
        charge_id,
        min(closed_at) as closed_at
    from closings
    group by charge_id

),

final as (

    select
        charges.charge_id,
        charges.customer_id,
        payers.person_key as payer_person_key,
        charges.created_at as paid_at,
        {{ local_date('charges.created_at') }} as first_date,
        -- the day it is paid back is no longer a day of risk
        least(
            {{ local_date('charges.created_at') }} + {{ var('refund_window_days') }},
            {{ local_date('closed.closed_at') }} - 1,
            {{ local_date('as_of.as_of') }}
        ) as last_date
    from charges
    cross join as_of
    left join payers on charges.customer_id = payers.customer_id
    left join closed on charges.charge_id = closed.charge_id

)

select * from final

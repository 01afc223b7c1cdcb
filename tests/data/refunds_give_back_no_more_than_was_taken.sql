-- Succeeded and pending refunds of a charge: in its currency, and at most what was captured.
with charges as (

    select * from {{ ref('fact_charge') }}

),

refunds as (

    select
        charge_key,
        currency,
        sum(amount) as refunded
    from {{ ref('fact_refund') }}
    where status in ('succeeded', 'pending', 'requires_action')
    group by charge_key, currency

)

select
    charges.charge_id,
    charges.amount_captured,
    refunds.refunded
from charges
inner join refunds on charges.charge_key = refunds.charge_key
where refunds.refunded > charges.amount_captured or refunds.currency <> charges.currency

-- Reconciliation: the parts of every booking of revenue add up to it, and so do their shares to 1.
with parts as (

    select
        balance_transaction_id,
        sum(amount) as amount,
        sum(fee) as fee,
        sum(share) as share
    from {{ ref('int_cross__course_ledger') }}
    group by balance_transaction_id

),

ledger as (

    select * from {{ ref('int_finance__ledger') }}
    where ledger_group in ('sales', 'refunds', 'disputes', 'fees')

)

select
    ledger.balance_transaction_id,
    parts.amount,
    parts.fee,
    parts.share
from ledger
full outer join parts on ledger.balance_transaction_id = parts.balance_transaction_id
where
    (parts.amount, parts.fee, parts.share) is distinct from (ledger.amount, ledger.fee, 1)

-- Reconciliation: what Stripe kept of a balance transaction is the sum of its fees.
with bookings as (

    select * from {{ ref('fact_balance_transaction') }}

),

fees as (

    select
        balance_transaction_key,
        sum(amount) as fee,
        count(distinct currency) as currencies_count,
        min(currency) as currency
    from {{ ref('fact_balance_fee') }}
    group by balance_transaction_key

)

select
    bookings.balance_transaction_id,
    fees.balance_transaction_key,
    bookings.fee,
    fees.fee as sum_of_fees
from bookings
full outer join fees on bookings.balance_transaction_key = fees.balance_transaction_key
where
    bookings.balance_transaction_key is null
    or bookings.fee <> coalesce(fees.fee, 0)
    or fees.currencies_count > 1
    or fees.currency <> bookings.currency

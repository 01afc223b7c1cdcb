-- Reconciliation: an automatic payout is the net sum of its balance transactions, and its own
-- booking takes exactly that out of the balance.
with payouts as (

    select * from {{ ref('fact_payout') }}

),

bookings as (

    select
        source_id,
        currency,
        sum(net) as net
    from {{ ref('fact_balance_transaction') }}
    where reporting_category = 'payout'
    group by source_id, currency

)

select
    payouts.payout_id,
    payouts.amount,
    payouts.transactions_net,
    bookings.net
from payouts
left join bookings on payouts.payout_id = bookings.source_id
where
    -- of young payouts, and of manual ones, Stripe has no list
    (payouts.transactions_count > 0 and payouts.amount <> payouts.transactions_net)
    -- the fee of an instant payout comes on top
    or (bookings.source_id is not null and payouts.is_automatic and payouts.amount <> -bookings.net)
    or bookings.currency <> payouts.currency

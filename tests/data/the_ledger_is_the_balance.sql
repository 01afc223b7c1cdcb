-- Reconciliation: the balance of a currency at the end of its last day is all that was ever booked,
-- and every day begins where the one before ended.
with ledger as (

    select
        currency,
        sum(net) as booked
    from {{ ref('fact_balance_transaction') }}
    group by currency

),

daily as (

    select
        *,
        closing_balance - balance_change as opening_balance,
        lag(closing_balance, 1, 0.0) over days as previous_balance,
        lead(date) over days is null as is_last
    from {{ ref('finance_daily_summary') }}
    window days as (partition by currency order by date)

)

select
    daily.currency,
    daily.date,
    daily.closing_balance,
    ledger.booked
from daily
left join ledger on daily.currency = ledger.currency
where
    daily.opening_balance <> daily.previous_balance
    or (daily.is_last and daily.closing_balance <> coalesce(ledger.booked, 0))

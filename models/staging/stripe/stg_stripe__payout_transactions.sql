-- One row per payout and balance transaction it paid out.
with source as (

    select * from {{ source('stripe', 'payout_transactions') }}

),

final as (

    select
        ---------- ids
        payout_id,
        balance_transaction_id,
        ---------- what is so
        livemode,
        ---------- timestamps
        fetched_at,
        ---------- bookkeeping
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per balance transaction that a payout paid out.
with links as (

    select * from {{ ref('stg_stripe__payout_transactions') }}
    where livemode = {{ var('stripe_livemode') }}

),

-- of several payouts, because one came back and was tried again, the last one counts
final as (

    select distinct on (balance_transaction_id)
        balance_transaction_id,
        payout_id,
        max(_load_id) over (partition by balance_transaction_id) as _load_id
    from links
    order by balance_transaction_id asc, fetched_at desc, payout_id desc

)

select * from final

-- One row per payout.
{{
    config(
        indexes=[{'columns': ['payout_key'], 'unique': true}],
        meta={'grain': ['payout_id'], 'owner': 'data-team'},
    )
}}

with payouts as (

    select * from {{ ref('int_finance__payouts') }}

),

bookings as (

    select * from {{ ref('fact_balance_transaction') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

-- what it paid out: its own booking, which takes the sum out of the balance, is none of it
paid_out as (

    select
        payout_key,
        count(*)::integer as transactions_count,
        sum(net) as transactions_net
    from bookings
    where payout_id is not null and source_id is distinct from payout_id
    group by payout_key

),

priced as (

    select
        payouts.*,
        {{ surrogate_key(['payouts.payout_id']) }} as payout_key,
        {{ major_units('payouts.amount_minor', 'currencies.api_exponent') }}
            as amount
    from payouts
    left join currencies on payouts.currency = currencies.currency

),

final as (

    select
        ---------- keys
        priced.payout_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,
        {{ date_key('priced.arrival_date') }} as arrival_date_key,

        ---------- ids
        priced.payout_id,

        ---------- what it is
        priced.status,
        priced.is_automatic,
        coalesce(paid_out.transactions_count, 0) as transactions_count,

        ---------- amounts
        priced.currency,
        priced.amount::numeric(18, 4) as amount,
        paid_out.transactions_net::numeric(18, 4) as transactions_net,
        {{ reporting_amount('priced.amount', 'priced.currency') }} as amount_reporting,

        ---------- timestamps
        priced.created_at,
        priced.arrival_date,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join paid_out on priced.payout_key = paid_out.payout_key
    left join fx_daily as fx
        on priced.currency = fx.currency and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final

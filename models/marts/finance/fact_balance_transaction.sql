-- One row per balance transaction of Stripe: the ledger of record.
{{
    config(
        materialized='incremental',
        unique_key='balance_transaction_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['balance_transaction_key'], 'unique': true},
            {'columns': ['source_id']},
            {'columns': ['payout_key']},
            {'columns': ['_load_id']},
            {'columns': ['_payout_load_id']},
        ],
        post_hook="{{ rerate(['amount', 'fee', 'net'], 'created_at') }}",
        meta={'grain': ['balance_transaction_id'], 'owner': 'data-team'},
    )
}}

with bookings as (

    select * from {{ ref('int_finance__balance_transactions') }}

),

paid_out as (

    select * from {{ ref('int_finance__paid_out') }}

),

-- what was booked or settled, and what a payout paid out: read apart, each as far as it goes
touched as (

    select balance_transaction_id from bookings
    where {{ arrived_since_last_build() }}

    union

    select balance_transaction_id from paid_out
    where {{ arrived_since_last_build(held='_payout_load_id') }}

),

ledger_groups as (

    select * from {{ ref('ledger_groups') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

booked as (

    select
        bookings.*,
        coalesce(paid_out.payout_id, bookings.payout_id) as paid_by,
        paid_out._load_id as payout_load_id,
        {{ major_units('bookings.amount_minor', 'currencies.api_exponent') }} as amount,
        {{ major_units('bookings.fee_minor', 'currencies.api_exponent') }} as fee,
        {{ major_units('bookings.net_minor', 'currencies.api_exponent') }} as net
    from touched
    inner join bookings on touched.balance_transaction_id = bookings.balance_transaction_id
    left join paid_out on bookings.balance_transaction_id = paid_out.balance_transaction_id
    left join currencies on bookings.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['booked.balance_transaction_id']) }} as balance_transaction_key,
        {{ surrogate_key(['booked.paid_by']) }} as payout_key,
        {{ surrogate_key(['booked.currency']) }} as currency_key,
        {{ date_key(local_date('booked.created_at')) }} as date_key,

        ---------- ids
        booked.balance_transaction_id,
        booked.source_id,
        booked.paid_by as payout_id,

        ---------- what it is
        booked.type,
        booked.reporting_category,
        coalesce(ledger_groups.ledger_group, 'other') as ledger_group,
        booked.status,

        ---------- amounts, in the currency of settlement
        booked.currency,
        booked.amount::numeric(18, 4) as amount,
        booked.fee::numeric(18, 4) as fee,
        booked.net::numeric(18, 4) as net,
        booked.exchange_rate,
        {{ reporting_amount('booked.amount', 'booked.currency') }} as amount_reporting,
        {{ reporting_amount('booked.fee', 'booked.currency') }} as fee_reporting,
        {{ reporting_amount('booked.net', 'booked.currency') }} as net_reporting,

        ---------- timestamps
        booked.created_at,
        booked.available_on,

        ---------- bookkeeping
        booked._load_id,
        booked.payout_load_id as _payout_load_id
    from booked
    left join ledger_groups on booked.reporting_category = ledger_groups.reporting_category
    left join fx_daily as fx
        on
            booked.currency = fx.currency
            and {{ local_date('booked.created_at') }} = fx.rate_date

)

select * from final

-- One row per fee that is part of a balance transaction.
{{
    config(
        materialized='incremental',
        unique_key='balance_transaction_key',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['balance_fee_key'], 'unique': true},
            {'columns': ['balance_transaction_key']},
            {'columns': ['_load_id']},
        ],
        post_hook="{{ rerate(['amount'], 'created_at') }}",
        meta={
            'grain': ['balance_transaction_id', 'fee_no'],
            'exists_column': 'balance_fee_key',
            'owner': 'data-team',
        },
    )
}}

with bookings as (

    select * from {{ ref('int_finance__balance_transactions') }}
    where {{ arrived_since_last_build() }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

-- a transaction without fees comes back empty: whatever was there of it goes
fees as (

    select
        bookings.balance_transaction_id,
        bookings.created_at,
        bookings._load_id,
        fee.fee_no,
        fee.detail ->> 'type' as fee_type,
        upper(fee.detail ->> 'currency') as currency,
        (fee.detail ->> 'amount')::numeric as amount_minor
    from bookings
    {{ 'left' if is_incremental() else 'inner' }} join
        lateral jsonb_array_elements(bookings.fee_details)
        with ordinality as fee (detail, fee_no)
        on true

),

priced as (

    select
        fees.*,
        {{ major_units('fees.amount_minor', 'currencies.api_exponent') }} as amount
    from fees
    left join currencies on fees.currency = currencies.currency

),

final as (

    select
        ---------- keys
        case
            when priced.fee_no is not null
                then {{ surrogate_key(['priced.balance_transaction_id', 'priced.fee_no']) }}
        end as balance_fee_key,
        {{ surrogate_key(['priced.balance_transaction_id']) }} as balance_transaction_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,

        ---------- ids
        priced.balance_transaction_id,
        priced.fee_no::integer as fee_no,

        ---------- what it is
        priced.fee_type,

        ---------- amounts
        priced.currency,
        priced.amount::numeric(18, 4) as amount,
        {{ reporting_amount('priced.amount', 'priced.currency') }} as amount_reporting,

        ---------- timestamps
        priced.created_at,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join fx_daily as fx
        on
            priced.currency = fx.currency
            and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final

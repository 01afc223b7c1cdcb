-- One row per charge: an attempt to take money, and what came of it.
{{
    config(
        indexes=[
            {'columns': ['charge_key'], 'unique': true},
            {'columns': ['customer_id']},
            {'columns': ['payment_intent_id']},
            {'columns': ['invoice_id']},
        ],
        meta={'grain': ['charge_id'], 'owner': 'data-team'},
    )
}}

with charges as (

    select * from {{ ref('int_finance__charges') }}

),

bookings as (

    select * from {{ ref('fact_balance_transaction') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

priced as (

    select
        charges.*,
        {{ major_units('charges.amount_minor', 'currencies.api_exponent') }}
            as amount,
        {{ major_units('charges.amount_captured_minor', 'currencies.api_exponent') }}
            as amount_captured,
        {{ major_units('charges.amount_refunded_minor', 'currencies.api_exponent') }}
            as amount_refunded
    from charges
    left join currencies on charges.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['priced.charge_id']) }} as charge_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        {{ surrogate_key(['priced.payment_intent_id']) }} as payment_intent_key,
        {{ surrogate_key(['priced.invoice_id']) }} as invoice_key,
        {{ surrogate_key(['priced.balance_transaction_id']) }} as balance_transaction_key,
        {{ surrogate_key(['priced.payment_method_type']) }} as payment_method_type_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,

        ---------- ids
        priced.charge_id,
        priced.customer_id,
        priced.payment_intent_id,
        priced.invoice_id,

        ---------- presentment: what the customer sees
        priced.currency,
        priced.amount::numeric(18, 4) as amount,
        priced.amount_captured::numeric(18, 4) as amount_captured,
        priced.amount_refunded::numeric(18, 4) as amount_refunded,

        ---------- settlement: what reached the balance
        bookings.currency as settlement_currency,
        bookings.amount as settlement_amount,
        bookings.fee as settlement_fee,
        bookings.net as settlement_net,
        bookings.exchange_rate,

        ---------- reporting
        {{ reporting_amount('priced.amount', 'priced.currency') }} as amount_reporting,
        {{ reporting_amount('priced.amount_captured', 'priced.currency') }}
            as amount_captured_reporting,
        {{ reporting_amount('priced.amount_refunded', 'priced.currency') }}
            as amount_refunded_reporting,

        ---------- how it went
        priced.status,
        priced.is_paid,
        priced.is_captured,
        priced.is_disputed,
        priced.failure_code,
        priced.outcome_type,
        priced.risk_level,

        ---------- means of payment
        priced.payment_method_type,
        priced.card_country,

        ---------- timestamps
        priced.created_at,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join bookings on priced.balance_transaction_id = bookings.balance_transaction_id
    left join customers
        on
            priced.customer_id = customers.customer_id
            and priced.created_at >= customers.valid_from
            and priced.created_at < customers.valid_to
    left join fx_daily as fx
        on priced.currency = fx.currency and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final

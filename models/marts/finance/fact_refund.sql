-- One row per refund.
{{
    config(
        indexes=[
            {'columns': ['refund_key'], 'unique': true},
            {'columns': ['charge_key']},
        ],
        meta={'grain': ['refund_id'], 'owner': 'data-team'},
    )
}}

with refunds as (

    select * from {{ ref('int_finance__refunds') }}

),

charges as (

    select * from {{ ref('int_finance__charges') }}

),

ledger as (

    select * from {{ ref('int_finance__ledger') }}

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

-- of the first booking and, where the money came back, of the second
booked as (

    select
        source_id,
        min(currency) as settlement_currency,
        sum(amount) as settlement_amount,
        sum(net) as settlement_net
    from ledger
    where ledger_group = 'refunds'
    group by source_id

),

priced as (

    select
        refunds.*,
        charges.customer_id,
        charges.invoice_id,
        charges.created_at as charged_at,
        {{ major_units('refunds.amount_minor', 'currencies.api_exponent') }}
            as amount
    from refunds
    left join charges on refunds.charge_id = charges.charge_id
    left join currencies on refunds.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['priced.refund_id']) }} as refund_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        {{ surrogate_key(['priced.charge_id']) }} as charge_key,
        {{ surrogate_key(['priced.invoice_id']) }} as invoice_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,
        coalesce({{ date_key(local_date('priced.charged_at')) }}, 0) as charge_date_key,

        ---------- ids
        priced.refund_id,
        priced.charge_id,
        priced.customer_id,
        priced.payment_intent_id,

        ---------- what it is
        priced.status,
        priced.reason,
        priced.status = 'succeeded' as is_succeeded,

        ---------- amounts
        priced.currency,
        priced.amount::numeric(18, 4) as amount,
        booked.settlement_currency,
        booked.settlement_amount::numeric(18, 4) as settlement_amount,
        booked.settlement_net::numeric(18, 4) as settlement_net,
        {{ reporting_amount('priced.amount', 'priced.currency') }} as amount_reporting,

        ---------- timestamps
        priced.created_at,
        priced.charged_at,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join booked on priced.refund_id = booked.source_id
    left join customers
        on
            priced.customer_id = customers.customer_id
            and priced.created_at >= customers.valid_from
            and priced.created_at < customers.valid_to
    left join fx_daily as fx
        on priced.currency = fx.currency and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final

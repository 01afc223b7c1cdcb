-- One row per dispute, inquiries of banks among them.
{{
    config(
        indexes=[
            {'columns': ['dispute_key'], 'unique': true},
            {'columns': ['charge_key']},
        ],
        meta={'grain': ['dispute_id'], 'owner': 'data-team'},
    )
}}

with disputes as (

    select * from {{ ref('int_finance__disputes') }}

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

booked as (

    select
        source_id,
        min(currency) as settlement_currency,
        -sum(amount) filter (where reporting_category = 'dispute') as funds_withdrawn,
        sum(amount) filter (where reporting_category = 'dispute_reversal') as funds_reinstated,
        sum(fee) as dispute_fee,
        -sum(net) as net_loss
    from ledger
    where ledger_group = 'disputes'
    group by source_id

),

priced as (

    select
        disputes.*,
        charges.customer_id,
        charges.created_at as charged_at,
        {{ major_units('disputes.amount_minor', 'currencies.api_exponent') }}
            as amount
    from disputes
    left join charges on disputes.charge_id = charges.charge_id
    left join currencies on disputes.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['priced.dispute_id']) }} as dispute_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        {{ surrogate_key(['priced.charge_id']) }} as charge_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,
        coalesce({{ date_key(local_date('priced.charged_at')) }}, 0) as charge_date_key,

        ---------- ids
        priced.dispute_id,
        priced.charge_id,
        priced.customer_id,

        ---------- what it is
        priced.status,
        priced.reason,
        -- a question of the bank: no money moves
        priced.status like 'warning%' as is_inquiry,
        priced.status in ('won', 'lost') as is_decided,

        ---------- amounts
        priced.currency,
        priced.amount::numeric(18, 4) as amount,
        {{ reporting_amount('priced.amount', 'priced.currency') }} as amount_reporting,

        ---------- settlement: what it cost
        booked.settlement_currency,
        coalesce(booked.funds_withdrawn, 0)::numeric(18, 4) as funds_withdrawn,
        coalesce(booked.funds_reinstated, 0)::numeric(18, 4) as funds_reinstated,
        coalesce(booked.dispute_fee, 0)::numeric(18, 4) as dispute_fee,
        coalesce(booked.net_loss, 0)::numeric(18, 4) as net_loss,

        ---------- timestamps
        priced.created_at,
        priced.charged_at,
        priced.evidence_due_at,
        priced.closed_at,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join booked on priced.dispute_id = booked.source_id
    left join customers
        on
            priced.customer_id = customers.customer_id
            and priced.created_at >= customers.valid_from
            and priced.created_at < customers.valid_to
    left join fx_daily as fx
        on priced.currency = fx.currency and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final

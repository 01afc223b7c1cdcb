-- One row per invoice.
{{
    config(
        indexes=[
            {'columns': ['invoice_key'], 'unique': true},
            {'columns': ['customer_id']},
            {'columns': ['subscription_id']},
        ],
        meta={'grain': ['invoice_id'], 'owner': 'data-team'},
    )
}}

with invoices as (

    select * from {{ ref('int_finance__invoices') }}

),

credit_notes as (

    select * from {{ ref('int_finance__credit_notes') }}

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

credits as (

    select
        invoice_id,
        sum(pre_payment_minor) as credited_pre_payment_minor,
        sum(post_payment_minor) as credited_post_payment_minor
    from credit_notes
    where status = 'issued'
    group by invoice_id

),

priced as (

    select
        invoices.*,
        {{ major_units('invoices.amount_due_minor', 'currencies.api_exponent') }}
            as amount_due,
        {{ major_units('invoices.amount_paid_minor', 'currencies.api_exponent') }}
            as amount_paid,
        {{ major_units('invoices.amount_remaining_minor', 'currencies.api_exponent') }}
            as amount_remaining,
        {{ major_units('invoices.subtotal_minor', 'currencies.api_exponent') }}
            as subtotal,
        {{ major_units('invoices.subtotal_ex_tax_minor', 'currencies.api_exponent') }}
            as subtotal_ex_tax,
        {{ major_units('invoices.tax_minor', 'currencies.api_exponent') }}
            as tax,
        {{ major_units('invoices.discount_minor', 'currencies.api_exponent') }}
            as discount,
        {{ major_units('invoices.total_minor', 'currencies.api_exponent') }}
            as total,
        {{ major_units(
            'coalesce(credits.credited_pre_payment_minor, 0)', 'currencies.api_exponent'
        ) }}
            as credited_pre_payment,
        {{ major_units(
            'coalesce(credits.credited_post_payment_minor, 0)', 'currencies.api_exponent'
        ) }}
            as credited_post_payment
    from invoices
    left join credits on invoices.invoice_id = credits.invoice_id
    left join currencies on invoices.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['priced.invoice_id']) }} as invoice_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        {{ surrogate_key(['priced.charge_id']) }} as charge_key,
        {{ surrogate_key(['priced.payment_intent_id']) }} as payment_intent_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,

        ---------- ids
        priced.invoice_id,
        priced.customer_id,
        priced.subscription_id,

        ---------- what it is
        priced.status,
        priced.billing_reason,
        priced.attempt_count,

        ---------- amounts
        priced.currency,
        priced.amount_due::numeric(18, 4) as amount_due,
        priced.amount_paid::numeric(18, 4) as amount_paid,
        priced.amount_remaining::numeric(18, 4) as amount_remaining,
        priced.subtotal::numeric(18, 4) as subtotal,
        priced.subtotal_ex_tax::numeric(18, 4) as subtotal_ex_tax,
        priced.tax::numeric(18, 4) as tax,
        priced.discount::numeric(18, 4) as discount,
        priced.total::numeric(18, 4) as total,
        priced.credited_pre_payment::numeric(18, 4) as credited_pre_payment,
        priced.credited_post_payment::numeric(18, 4) as credited_post_payment,
        {{ reporting_amount('priced.total', 'priced.currency') }} as total_reporting,
        {{ reporting_amount('priced.amount_paid', 'priced.currency') }} as amount_paid_reporting,

        ---------- timestamps
        priced.created_at,
        priced.period_start,
        priced.period_end,
        priced.due_at,
        priced.finalized_at,
        priced.paid_at,
        priced.voided_at,
        priced.uncollectible_at,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join customers
        on
            priced.customer_id = customers.customer_id
            and priced.created_at >= customers.valid_from
            and priced.created_at < customers.valid_to
    left join fx_daily as fx
        on priced.currency = fx.currency and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final

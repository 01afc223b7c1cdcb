-- One row per credit note.
{{
    config(
        indexes=[
            {'columns': ['credit_note_key'], 'unique': true},
            {'columns': ['invoice_key']},
        ],
        meta={'grain': ['credit_note_id'], 'owner': 'data-team'},
    )
}}

with credit_notes as (

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

priced as (

    select
        credit_notes.*,
        {{ major_units('credit_notes.total_minor', 'currencies.api_exponent') }}
            as total,
        {{ major_units('credit_notes.total_ex_tax_minor', 'currencies.api_exponent') }}
            as total_ex_tax,
        {{ major_units('credit_notes.pre_payment_minor', 'currencies.api_exponent') }}
            as pre_payment,
        {{ major_units('credit_notes.post_payment_minor', 'currencies.api_exponent') }}
            as post_payment
    from credit_notes
    left join currencies on credit_notes.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['priced.credit_note_id']) }} as credit_note_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        {{ surrogate_key(['priced.invoice_id']) }} as invoice_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,

        ---------- ids
        priced.credit_note_id,
        priced.invoice_id,
        priced.customer_id,

        ---------- what it is
        priced.type,
        priced.status,
        priced.reason,

        ---------- amounts
        priced.currency,
        priced.total::numeric(18, 4) as total,
        priced.total_ex_tax::numeric(18, 4) as total_ex_tax,
        priced.pre_payment::numeric(18, 4) as pre_payment,
        priced.post_payment::numeric(18, 4) as post_payment,
        {{ reporting_amount('priced.total', 'priced.currency') }} as total_reporting,
        {{ reporting_amount('priced.total_ex_tax', 'priced.currency') }} as total_ex_tax_reporting,

        ---------- timestamps
        priced.created_at,
        priced.voided_at,

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

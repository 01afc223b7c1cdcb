-- One row per line of an invoice and day on which some of it is earned or taken back.
{{
    config(
        indexes=[
            {'columns': ['revenue_recognition_key'], 'unique': true},
            {'columns': ['date_key']},
        ],
        meta={'grain': ['invoice_line_id', 'recognised_on'], 'owner': 'data-team'},
    )
}}

with days as (

    select * from {{ ref('int_finance__recognised_days') }}

),

last_seen as (

    select * from {{ ref('int_finance__last_seen') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx as (

    select * from {{ ref('int_finance__fx_daily') }}

),

amounts as (

    select
        days.*,
        days.recognised_on <= {{ local_date('last_seen.last_seen_at') }} as is_recognised,
        ({{ major_units('days.scheduled_minor', 'currencies.api_exponent') }})::numeric(18, 4)
            as scheduled_amount,
        ({{ major_units('days.recognised_minor', 'currencies.api_exponent') }})::numeric(18, 4)
            as recognised_amount
    from days
    cross join last_seen
    inner join currencies on days.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['amounts.invoice_line_id', date_key('amounts.recognised_on')]) }}
            as revenue_recognition_key,
        {{ surrogate_key(['amounts.invoice_line_id']) }} as invoice_line_key,
        {{ surrogate_key(['amounts.invoice_id']) }} as invoice_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        {{ date_key('amounts.recognised_on') }} as date_key,
        {{ surrogate_key(['amounts.currency']) }} as currency_key,

        ---------- ids
        amounts.recognised_on,
        amounts.invoice_line_id,
        amounts.customer_id,
        amounts.subscription_id,
        amounts.product_id,

        ---------- amounts
        amounts.currency,
        amounts.scheduled_amount,
        (amounts.scheduled_amount - amounts.recognised_amount)::numeric(18, 4) as reversed_amount,
        amounts.recognised_amount,
        {{ reporting_amount('amounts.recognised_amount', 'amounts.currency') }}
            as recognised_amount_reporting,

        ---------- classification
        amounts.is_recognised,
        amounts.is_proration
    from amounts
    -- what was paid in advance keeps the rate of its invoice
    left join fx
        on
            amounts.currency = fx.currency
            and {{ local_date('amounts.finalized_at') }} = fx.rate_date
    left join customers
        on
            amounts.customer_id = customers.customer_id
            and amounts.finalized_at >= customers.valid_from
            and amounts.finalized_at < customers.valid_to

)

select * from final

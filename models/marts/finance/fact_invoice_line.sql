-- One row per line of an invoice.
{{
    config(
        indexes=[
            {'columns': ['invoice_line_key'], 'unique': true},
            {'columns': ['invoice_key']},
            {'columns': ['subscription_item_id']},
            {'columns': ['product_id']},
        ],
        meta={'grain': ['invoice_line_id'], 'owner': 'data-team'},
    )
}}

with lines as (

    select * from {{ ref('int_finance__invoice_lines') }}

),

invoices as (

    select * from {{ ref('int_finance__invoices') }}

),

prices as (

    select * from {{ ref('dim_price') }}

),

products as (

    select * from {{ ref('dim_product_catalog') }}

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
        lines.*,
        invoices.created_at,
        invoices.status,
        {{ major_units('lines.amount_minor', 'currencies.api_exponent') }}
            as amount,
        {{ major_units('lines.amount_ex_tax_minor', 'currencies.api_exponent') }}
            as amount_ex_tax,
        {{ major_units('lines.discount_minor', 'currencies.api_exponent') }}
            as discount,
        {{ major_units('lines.tax_minor', 'currencies.api_exponent') }}
            as tax
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    left join currencies on lines.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['priced.invoice_line_id']) }} as invoice_line_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        coalesce(prices.price_key, {{ version_key('null::text') }}) as price_key,
        coalesce(products.product_key, {{ version_key('null::text') }}) as product_key,
        {{ surrogate_key(['priced.invoice_id']) }} as invoice_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,

        ---------- ids
        priced.invoice_line_id,
        priced.invoice_id,
        priced.customer_id,
        priced.subscription_id,
        priced.subscription_item_id,
        priced.price_id,
        priced.product_id,

        ---------- what it is
        priced.status as invoice_status,
        priced.quantity,
        priced.is_proration,

        ---------- amounts
        priced.currency,
        priced.amount::numeric(18, 4) as amount,
        priced.amount_ex_tax::numeric(18, 4) as amount_ex_tax,
        priced.discount::numeric(18, 4) as discount,
        priced.tax::numeric(18, 4) as tax,
        {{ reporting_amount('priced.amount_ex_tax', 'priced.currency') }}
            as amount_ex_tax_reporting,

        ---------- timestamps
        priced.created_at,
        priced.period_start,
        priced.period_end,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join customers
        on
            priced.customer_id = customers.customer_id
            and priced.created_at >= customers.valid_from
            and priced.created_at < customers.valid_to
    left join prices
        on
            priced.price_id = prices.price_id
            and priced.created_at >= prices.valid_from
            and priced.created_at < prices.valid_to
    left join products
        on
            priced.product_id = products.product_id
            and priced.created_at >= products.valid_from
            and priced.created_at < products.valid_to
    left join fx_daily as fx
        on priced.currency = fx.currency and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final

-- One row per balance transaction, with what it was for where that is known.
with bookings as (

    select * from {{ ref('fact_balance_transaction') }}

),

refunds as (

    select * from {{ ref('int_finance__refunds') }}

),

disputes as (

    select * from {{ ref('int_finance__disputes') }}

),

charges as (

    select * from {{ ref('int_finance__charges') }}

),

intents as (

    select * from {{ ref('int_finance__payment_intents') }}

),

invoices as (

    select * from {{ ref('int_finance__invoices') }}

),

products as (

    select * from {{ ref('int_finance__products') }}
    where is_current

),

-- an invoice is of a product if all its lines are; of several, whoever asks has to divide it
products_of_invoices as (

    select
        lines.invoice_id,
        min(products.catalogue_product_id) as product_id
    from (select * from {{ ref('int_finance__invoice_lines') }}) as lines
    left join products on lines.product_id = products.product_id
    group by lines.invoice_id
    having
        count(distinct products.catalogue_product_id) = 1
        and bool_and(products.catalogue_product_id is not null)

),

final as (

    select
        ---------- ids
        bookings.balance_transaction_id,
        bookings.source_id,
        bookings.payout_id,
        charges.charge_id,
        charges.payment_intent_id,
        charges.invoice_id,
        invoices.subscription_id,
        coalesce(charges.customer_id, intents.customer_id, invoices.customer_id) as customer_id,
        coalesce(
            intents.metadata ->> 'product_id',
            charges.metadata ->> 'product_id',
            products_of_invoices.product_id
        ) as product_id,

        ---------- what it is
        bookings.type,
        bookings.reporting_category,
        bookings.ledger_group,
        bookings.status,

        ---------- amounts
        bookings.currency,
        bookings.amount,
        bookings.fee,
        bookings.net,
        bookings.exchange_rate,
        bookings.amount_reporting,
        bookings.fee_reporting,
        bookings.net_reporting,

        ---------- timestamps
        bookings.created_at,
        bookings.available_on,
        charges.created_at as charged_at
    from bookings
    left join refunds on bookings.source_id = refunds.refund_id
    left join disputes on bookings.source_id = disputes.dispute_id
    left join charges
        on charges.charge_id = coalesce(refunds.charge_id, disputes.charge_id, bookings.source_id)
    left join intents on charges.payment_intent_id = intents.payment_intent_id
    left join invoices on charges.invoice_id = invoices.invoice_id
    left join products_of_invoices on charges.invoice_id = products_of_invoices.invoice_id

)

select * from final

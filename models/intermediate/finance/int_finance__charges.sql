-- One row per charge of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['charge_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'charge' and is_current and not is_deleted

),

invoice_payments as (

    select * from {{ ref('int_finance__invoice_payments') }}

),

-- a charge used to name its invoice; now only the payment it belongs to does
invoices_of_payments as (

    select distinct on (payment_id)
        payment_id,
        invoice_id
    from invoice_payments
    order by payment_id asc, is_paid desc, invoice_id asc

),

invoices_of_charges as (

    select distinct on (charge_id)
        charge_id,
        invoice_id
    from invoice_payments
    where charge_id is not null
    order by charge_id asc, is_paid desc, invoice_id asc

),

charges as (

    select
        versions.object_id as charge_id,
        {{ stripe_id('charge.customer') }} as customer_id,
        {{ stripe_id('charge.payment_intent') }} as payment_intent_id,
        {{ stripe_id('charge.invoice') }} as invoice_id,
        {{ stripe_id('charge.balance_transaction') }} as balance_transaction_id,
        upper(charge.currency) as currency,
        charge.amount as amount_minor,
        -- not told by the oldest versions of the API
        coalesce(charge.amount_captured, case when charge.captured then charge.amount else 0 end)
            as amount_captured_minor,
        coalesce(charge.amount_refunded, 0) as amount_refunded_minor,
        charge.status,
        coalesce(charge.paid, false) as is_paid,
        coalesce(charge.captured, false) as is_captured,
        coalesce(charge.disputed, false) as is_disputed,
        charge.failure_code,
        charge.outcome ->> 'type' as outcome_type,
        charge.outcome ->> 'risk_level' as risk_level,
        charge.payment_method_details ->> 'type' as payment_method_type,
        charge.payment_method_details #>> '{card, country}' as card_country,
        {{ stripe_metadata('charge.metadata') }} as metadata,
        {{ epoch_to_timestamp('charge.created') }} as created_at,
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as charge (
            customer jsonb,
            payment_intent jsonb,
            invoice jsonb,
            balance_transaction jsonb,
            currency text,
            amount bigint,
            amount_captured bigint,
            amount_refunded bigint,
            status text,
            paid boolean,
            captured boolean,
            disputed boolean,
            failure_code text,
            outcome jsonb,
            payment_method_details jsonb,
            metadata jsonb,
            created bigint
        )

),

final as (

    select
        ---------- ids
        charges.charge_id,
        charges.customer_id,
        charges.payment_intent_id,
        coalesce(
            charges.invoice_id, invoices_of_charges.invoice_id, invoices_of_payments.invoice_id
        ) as invoice_id,
        charges.balance_transaction_id,

        ---------- amounts
        charges.currency,
        charges.amount_minor,
        charges.amount_captured_minor,
        charges.amount_refunded_minor,

        ---------- how it went
        charges.status,
        charges.is_paid,
        charges.is_captured,
        charges.is_disputed,
        charges.failure_code,
        charges.outcome_type,
        charges.risk_level,

        ---------- means of payment
        charges.payment_method_type,
        charges.card_country,

        charges.metadata,
        charges.created_at,

        ---------- bookkeeping
        charges._load_id
    from charges
    left join invoices_of_charges on charges.charge_id = invoices_of_charges.charge_id
    left join invoices_of_payments
        on charges.payment_intent_id = invoices_of_payments.payment_id

)

select * from final

-- One row per payment intent of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['payment_intent_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'payment_intent'

),

charges as (

    select * from {{ ref('int_finance__charges') }}

),

invoices_of_payments as (

    select distinct on (payment_id)
        payment_id,
        invoice_id
    from {{ ref('int_finance__invoice_payments') }}
    order by payment_id asc, is_paid desc, invoice_id asc

),

-- an intent does not say when it succeeded
successes as (

    select
        object_id,
        min(valid_from) as succeeded_at
    from versions
    where event_type = 'payment_intent.succeeded'
    group by object_id

),

intents as (

    select
        versions.object_id as payment_intent_id,
        {{ stripe_id('intent.customer') }} as customer_id,
        {{ stripe_id('intent.invoice') }} as invoice_id,
        -- the last charge alone, before that a list of all, the newest first
        coalesce({{ stripe_id('intent.latest_charge') }}, intent.charges #>> '{data, 0, id}')
            as latest_charge_id,
        upper(intent.currency) as currency,
        intent.amount as amount_minor,
        coalesce(intent.amount_received, 0) as amount_received_minor,
        intent.status,
        coalesce(
            intent.last_payment_error ->> 'decline_code', intent.last_payment_error ->> 'code'
        ) as last_error_code,
        {{ stripe_metadata('intent.metadata') }} as metadata,
        {{ epoch_to_timestamp('intent.created') }} as created_at,
        {{ epoch_to_timestamp('intent.canceled_at') }} as canceled_at,
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as intent (
            customer jsonb,
            invoice jsonb,
            latest_charge jsonb,
            charges jsonb,
            currency text,
            amount bigint,
            amount_received bigint,
            status text,
            last_payment_error jsonb,
            metadata jsonb,
            created bigint,
            canceled_at bigint
        )
    where versions.is_current

),

final as (

    select
        ---------- ids
        intents.payment_intent_id,
        intents.customer_id,
        coalesce(
            intents.invoice_id, invoices_of_payments.invoice_id, charges.invoice_id
        ) as invoice_id,
        intents.latest_charge_id,

        ---------- amounts
        intents.currency,
        intents.amount_minor,
        intents.amount_received_minor,

        ---------- how it went
        intents.status,
        intents.last_error_code,
        intents.metadata,

        ---------- timestamps
        intents.created_at,
        case
            when intents.status = 'succeeded'
                then coalesce(successes.succeeded_at, charges.created_at)
        end as succeeded_at,
        intents.canceled_at,

        ---------- bookkeeping
        intents._load_id
    from intents
    left join successes on intents.payment_intent_id = successes.object_id
    left join charges on intents.latest_charge_id = charges.charge_id
    left join invoices_of_payments
        on intents.payment_intent_id = invoices_of_payments.payment_id

)

select * from final

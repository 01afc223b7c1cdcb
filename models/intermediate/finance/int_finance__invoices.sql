-- One row per invoice of Stripe, drafts that were deleted left out.
{{
    config(
        materialized='table',
        meta={'grain': ['invoice_id'], 'owner': 'data-team'},
    )
}}

{%- set included = "entry.value ->> 'inclusive' = 'true'" %}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'invoice' and is_current and not is_deleted

),

payments as (

    select distinct on (invoice_id) *
    from {{ ref('int_finance__invoice_payments') }}
    order by invoice_id asc, is_paid desc, is_default desc, payment_id asc

),

intents as (

    select * from {{ ref('int_finance__payment_intents') }}

),

final as (

    select
        ---------- ids
        versions.object_id as invoice_id,
        {{ stripe_id('invoice.customer') }} as customer_id,
        coalesce(
            {{ stripe_id('invoice.subscription') }},
            {{ stripe_id("invoice.parent #> '{subscription_details, subscription}'") }}
        ) as subscription_id,
        coalesce(payments.charge_id, intents.latest_charge_id) as charge_id,
        payments.payment_intent_id,

        ---------- what it is
        invoice.status,
        invoice.billing_reason,
        coalesce(invoice.attempt_count, 0) as attempt_count,

        ---------- amounts
        upper(invoice.currency) as currency,
        invoice.amount_due as amount_due_minor,
        invoice.amount_paid as amount_paid_minor,
        invoice.amount_remaining as amount_remaining_minor,
        invoice.subtotal as subtotal_minor,
        -- before discounts, without the tax prices contain
        coalesce(
            invoice.subtotal_excluding_tax,
            invoice.subtotal - coalesce(
                {{ jsonb_sum('invoice.total_tax_amounts', 'amount', included) }},
                0
            )
        ) as subtotal_ex_tax_minor,
        coalesce(
            {{ jsonb_sum('invoice.total_taxes', 'amount') }},
            {{ jsonb_sum('invoice.total_tax_amounts', 'amount') }},
            invoice.tax,
            0
        ) as tax_minor,
        coalesce({{ jsonb_sum('invoice.total_discount_amounts', 'amount') }}, 0) as discount_minor,
        invoice.total as total_minor,

        ---------- timestamps
        {{ epoch_to_timestamp('invoice.created') }} as created_at,
        {{ epoch_to_timestamp('invoice.period_start') }} as period_start,
        {{ epoch_to_timestamp('invoice.period_end') }} as period_end,
        {{ epoch_to_timestamp('invoice.due_date') }} as due_at,
        {{ epoch_to_timestamp('transitions.finalized_at') }} as finalized_at,
        {{ epoch_to_timestamp('transitions.paid_at') }} as paid_at,
        {{ epoch_to_timestamp('transitions.voided_at') }} as voided_at,
        {{ epoch_to_timestamp('transitions.marked_uncollectible_at') }} as uncollectible_at,

        ---------- bookkeeping
        versions.livemode,
        versions.account,
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as invoice (
            customer jsonb,
            subscription jsonb,
            parent jsonb,
            status text,
            billing_reason text,
            attempt_count integer,
            currency text,
            amount_due bigint,
            amount_paid bigint,
            amount_remaining bigint,
            subtotal bigint,
            subtotal_excluding_tax bigint,
            total_taxes jsonb,
            total_tax_amounts jsonb,
            tax bigint,
            total_discount_amounts jsonb,
            total bigint,
            created bigint,
            period_start bigint,
            period_end bigint,
            due_date bigint,
            status_transitions jsonb
        )
    cross join
        lateral jsonb_to_record(coalesce(invoice.status_transitions, '{}')) as transitions (
            finalized_at bigint,
            paid_at bigint,
            voided_at bigint,
            marked_uncollectible_at bigint
        )
    left join payments on versions.object_id = payments.invoice_id
    left join intents on payments.payment_intent_id = intents.payment_intent_id

)

select * from final

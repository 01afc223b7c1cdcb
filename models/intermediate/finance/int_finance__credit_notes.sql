-- One row per credit note of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['credit_note_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'credit_note' and is_current and not is_deleted

),

final as (

    select
        ---------- ids
        versions.object_id as credit_note_id,
        {{ stripe_id('credit_note.invoice') }} as invoice_id,
        {{ stripe_id('credit_note.customer') }} as customer_id,

        ---------- what it is
        credit_note.type,
        credit_note.status,
        credit_note.reason,

        ---------- amounts
        upper(credit_note.currency) as currency,
        credit_note.total as total_minor,
        coalesce(
            credit_note.total_excluding_tax,
            credit_note.total - coalesce(
                {{ jsonb_sum('credit_note.total_taxes', 'amount') }},
                {{ jsonb_sum('credit_note.tax_amounts', 'amount') }},
                0
            )
        ) as total_ex_tax_minor,
        -- both at once is new: before, the type told which of the two the total is
        coalesce(
            credit_note.pre_payment_amount,
            case when credit_note.type = 'pre_payment' then credit_note.total else 0 end
        ) as pre_payment_minor,
        coalesce(
            credit_note.post_payment_amount,
            case when credit_note.type = 'post_payment' then credit_note.total else 0 end
        ) as post_payment_minor,

        ---------- timestamps
        {{ epoch_to_timestamp('credit_note.created') }} as created_at,
        {{ epoch_to_timestamp('credit_note.voided_at') }} as voided_at,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as credit_note (
            invoice jsonb,
            customer jsonb,
            currency text,
            type text,
            status text,
            reason text,
            total bigint,
            subtotal bigint,
            total_excluding_tax bigint,
            total_taxes jsonb,
            tax_amounts jsonb,
            pre_payment_amount bigint,
            post_payment_amount bigint,
            created bigint,
            voided_at bigint
        )

)

select * from final

-- One row per line of a credit note of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['credit_note_line_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'credit_note' and is_current and not is_deleted

),

final as (

    select
        ---------- ids
        line.id as credit_note_line_id,
        versions.object_id as credit_note_id,
        {{ stripe_id('credit_note.invoice') }} as invoice_id,
        line.invoice_line_item as invoice_line_id,

        ---------- amounts
        upper(credit_note.currency) as currency,
        line.quantity,
        line.amount as amount_minor,
        coalesce(
            {{ jsonb_sum('line.discount_amounts', 'amount') }}, line.discount_amount, 0
        ) as discount_minor,
        line.amount
        - coalesce({{ jsonb_sum('line.discount_amounts', 'amount') }}, line.discount_amount, 0)
        - coalesce(
            {{ jsonb_sum('line.taxes', 'amount', "entry.value ->> 'tax_behavior' = 'inclusive'") }},
            {{ jsonb_sum('line.tax_amounts', 'amount', "entry.value ->> 'inclusive' = 'true'") }},
            0
        ) as amount_ex_tax_minor,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as credit_note (
            invoice jsonb,
            currency text,
            lines jsonb
        )
    cross join
        lateral jsonb_to_recordset(credit_note.lines -> 'data') as line (
            id text,
            invoice_line_item text,
            quantity numeric,
            amount bigint,
            discount_amount bigint,
            discount_amounts jsonb,
            taxes jsonb,
            tax_amounts jsonb
        )

)

select * from final

-- One row per invoice and event that takes revenue of it back, with what it takes of all lines.
{{ config(meta={'grain': ['invoice_id', 'reversal_id'], 'owner': 'data-team'}) }}

with totals as (

    select
        invoice_id,
        min(invoice_ex_tax_minor) as ex_tax_minor,
        min(invoice_total_minor) as total_minor
    from {{ ref('int_finance__earned_lines') }}
    group by invoice_id

),

invoices as (

    select * from {{ ref('int_finance__invoices') }}

),

credit_notes as (

    select * from {{ ref('int_finance__credit_notes') }}
    where status = 'issued'

),

credit_note_lines as (

    select
        credit_note_id,
        sum(amount_ex_tax_minor) as of_lines_minor
    from {{ ref('int_finance__credit_note_lines') }}
    where invoice_line_id is not null
    group by credit_note_id

),

refunds as (

    select * from {{ ref('int_finance__refunds') }}
    where status = 'succeeded'

),

credit_note_refunds as (

    select * from {{ ref('int_finance__credit_note_refunds') }}

),

charges as (

    select * from {{ ref('int_finance__charges') }}

),

-- what a credit note says of no line in particular
of_credit_notes as (

    select
        credit_notes.invoice_id,
        credit_notes.credit_note_id as reversal_id,
        'credit_note' as kind,
        credit_notes.created_at as reversed_at,
        credit_notes.total_ex_tax_minor - coalesce(credit_note_lines.of_lines_minor, 0)
            as amount_minor
    from credit_notes
    left join credit_note_lines
        on credit_notes.credit_note_id = credit_note_lines.credit_note_id

),

-- a refund gives back tax, too; one that a credit note made is in the credit note
of_refunds as (

    select
        charges.invoice_id,
        refunds.refund_id as reversal_id,
        'refund' as kind,
        refunds.created_at as reversed_at,
        round(
            refunds.amount_minor * totals.ex_tax_minor::numeric / nullif(totals.total_minor, 0)
        ) as amount_minor
    from refunds
    inner join charges on refunds.charge_id = charges.charge_id
    inner join totals on charges.invoice_id = totals.invoice_id
    left join credit_note_refunds on refunds.refund_id = credit_note_refunds.refund_id
    where credit_note_refunds.refund_id is null

),

-- of an invoice that is written off, what nobody paid
of_write_offs as (

    select
        invoices.invoice_id,
        invoices.invoice_id as reversal_id,
        'uncollectible' as kind,
        invoices.uncollectible_at as reversed_at,
        round(
            invoices.amount_remaining_minor
            * totals.ex_tax_minor::numeric / nullif(totals.total_minor, 0)
        ) as amount_minor
    from invoices
    inner join totals on invoices.invoice_id = totals.invoice_id
    where invoices.status = 'uncollectible'

),

final as (

    select * from of_credit_notes
    union all
    select * from of_refunds
    union all
    select * from of_write_offs

)

select * from final
where amount_minor <> 0

-- One row per line of an invoice and event that takes revenue of it back.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['invoice_line_id', 'reversal_number'], 'unique': true}],
        meta={'grain': ['invoice_line_id', 'reversal_id'], 'owner': 'data-team'},
    )
}}

with lines as (

    select * from {{ ref('int_finance__earned_lines') }}

),

invoice_reversals as (

    select * from {{ ref('int_finance__invoice_reversals') }}

),

invoices as (

    select * from {{ ref('int_finance__invoices') }}

),

credit_notes as (

    select * from {{ ref('int_finance__credit_notes') }}
    where status = 'issued'

),

credit_note_lines as (

    select * from {{ ref('int_finance__credit_note_lines') }}

),

-- in proportion to the lines, exact to the minor unit
shared as (

    select
        lines.invoice_line_id,
        reversals.reversal_id,
        reversals.kind,
        reversals.reversed_at,
        round(reversals.amount_minor * lines.ex_tax_so_far_minor / lines.invoice_ex_tax_minor)
        - round(
            reversals.amount_minor * (lines.ex_tax_so_far_minor - lines.amount_ex_tax_minor)
            / lines.invoice_ex_tax_minor
        ) as amount_minor
    from invoice_reversals as reversals
    inner join lines on reversals.invoice_id = lines.invoice_id
    where lines.invoice_ex_tax_minor <> 0

),

named as (

    select
        credit_note_lines.invoice_line_id,
        credit_notes.credit_note_id as reversal_id,
        'credit_note' as kind,
        credit_notes.created_at as reversed_at,
        credit_note_lines.amount_ex_tax_minor as amount_minor
    from credit_notes
    inner join credit_note_lines
        on credit_notes.credit_note_id = credit_note_lines.credit_note_id
    inner join lines on credit_note_lines.invoice_line_id = lines.invoice_line_id

),

partial as (

    select
        invoice_line_id,
        reversal_id,
        kind,
        reversed_at,
        sum(amount_minor) as amount_minor
    from (
        select * from shared
        union all
        select * from named
    ) as reversals
    group by invoice_line_id, reversal_id, kind, reversed_at

),

-- a void invoice was never owed: whatever is left of it goes
voided as (

    select
        lines.invoice_line_id,
        invoices.invoice_id as reversal_id,
        'void' as kind,
        invoices.voided_at as reversed_at,
        lines.amount_ex_tax_minor - coalesce(sum(partial.amount_minor), 0) as amount_minor
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    left join partial on lines.invoice_line_id = partial.invoice_line_id
    where lines.invoice_status = 'void'
    group by
        lines.invoice_line_id,
        lines.amount_ex_tax_minor,
        invoices.invoice_id,
        invoices.voided_at

),

final as (

    select
        invoice_line_id,
        reversal_id,
        kind,
        {{ local_date('reversed_at') }} as reversed_on,
        row_number() over (
            partition by invoice_line_id order by {{ local_date('reversed_at') }}, reversal_id
        ) as reversal_number,
        amount_minor::numeric(24, 0) as amount_minor
    from (
        select * from partial
        union all
        select * from voided
    ) as reversals
    where amount_minor <> 0

)

select * from final

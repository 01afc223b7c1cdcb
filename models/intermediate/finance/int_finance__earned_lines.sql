-- One row per line of a final invoice: what is earned by it, and in which days.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['invoice_line_id'], 'unique': true}, {'columns': ['invoice_id']}],
        meta={'grain': ['invoice_line_id'], 'owner': 'data-team'},
    )
}}

with lines as (

    select * from {{ ref('int_finance__invoice_lines') }}

),

invoices as (

    select * from {{ ref('int_finance__invoices') }}
    where status in ('open', 'paid', 'uncollectible', 'void') and finalized_at is not null

),

dated as (

    select
        lines.*,
        invoices.status as invoice_status,
        invoices.finalized_at,
        invoices.total_minor as invoice_total_minor,
        {{ local_date('coalesce(lines.period_start, invoices.finalized_at)') }} as starts_on,
        {{ local_date('coalesce(lines.period_end, lines.period_start, invoices.finalized_at)') }}
            as ends_on
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id

),

final as (

    select
        invoice_line_id,
        invoice_id,
        customer_id,
        subscription_id,
        product_id,
        currency,
        is_proration,
        invoice_status,
        finalized_at,
        starts_on,
        -- what takes no day is earned at once
        greatest(ends_on - starts_on, 1) as days_count,
        amount_ex_tax_minor,
        sum(amount_ex_tax_minor) over invoice_lines as invoice_ex_tax_minor,
        invoice_total_minor,
        -- the part of the invoice up to this line, and without it: shares of what concerns all
        -- lines are rounded at these marks, so that they add up
        sum(amount_ex_tax_minor) over lines_so_far as ex_tax_so_far_minor
    from dated
    window
        invoice_lines as (partition by invoice_id),
        lines_so_far as (
            partition by invoice_id
            order by invoice_line_id
            rows between unbounded preceding and current row
        )

)

select * from final

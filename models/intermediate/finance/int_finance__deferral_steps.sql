-- One row per line of an invoice and event that takes revenue of it back: what is left to earn.
{{ config(meta={'grain': ['invoice_line_id', 'reversal_number'], 'owner': 'data-team'}) }}

with reversals as (

    select * from {{ ref('int_finance__line_reversals') }}

),

lines as (

    select * from {{ ref('int_finance__earned_lines') }}

),

-- numbers of days are counted from the first of the line, which is 0
placed as (

    select
        reversals.invoice_line_id,
        reversals.reversal_number,
        reversals.amount_minor,
        greatest(reversals.reversed_on - lines.starts_on, 0) as day_number,
        -- what was to be earned from that day on
        lines.amount_ex_tax_minor
        * greatest(lines.days_count - greatest(reversals.reversed_on - lines.starts_on, 0), 0)
        / lines.days_count::numeric as unearned_minor
    from reversals
    inner join lines on reversals.invoice_line_id = lines.invoice_line_id

),

-- each takes its share of every day to come, until nothing of these days is left
stepped as (

    select
        *,
        greatest(
            1 - sum(amount_minor / nullif(unearned_minor, 0)) over (
                partition by invoice_line_id order by reversal_number
            ), 0
        ) as share_left
    from placed

),

final as (

    select
        invoice_line_id,
        reversal_number,
        day_number,
        lead(day_number) over line_reversals as next_day_number,
        coalesce(share_left, 0)::numeric(21, 20) as share_left,
        -- the rest comes off what was earned, on the day it is known
        (
            amount_minor
            - (coalesce(lag(share_left) over line_reversals, 1) - coalesce(share_left, 0))
            * unearned_minor
        )::numeric(36, 12) as earned_back_minor
    from stepped
    window line_reversals as (partition by invoice_line_id order by reversal_number)

)

select * from final

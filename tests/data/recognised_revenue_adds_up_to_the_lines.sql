-- Proves that the days of every line of a final invoice earn its amount without tax to the minor
-- unit, and take back exactly what credit notes, refunds, write-offs and voids reverse.
with lines as (

    select
        invoice_line_id,
        currency,
        amount_ex_tax_minor
    from {{ ref('int_finance__earned_lines') }}

),

reversals as (

    select
        invoice_line_id,
        sum(amount_minor) as reversed_minor
    from {{ ref('int_finance__line_reversals') }}
    group by invoice_line_id

),

days as (

    select
        invoice_line_id,
        sum(scheduled_amount) as scheduled_amount,
        sum(reversed_amount) as reversed_amount,
        sum(recognised_amount) as recognised_amount
    from {{ ref('fact_revenue_recognition_daily') }}
    group by invoice_line_id

),

currencies as (

    select * from {{ ref('currencies') }}

),

expected as (

    select
        lines.invoice_line_id,
        {{ major_units('lines.amount_ex_tax_minor', 'currencies.api_exponent') }} as line_amount,
        {{ major_units('coalesce(reversals.reversed_minor, 0)', 'currencies.api_exponent') }}
            as reversed_amount
    from lines
    inner join currencies on lines.currency = currencies.currency
    left join reversals on lines.invoice_line_id = reversals.invoice_line_id

)

select
    expected.*,
    days.scheduled_amount as found_scheduled,
    days.reversed_amount as found_reversed
from expected
full outer join days on expected.invoice_line_id = days.invoice_line_id
where
    coalesce(days.scheduled_amount, 0) is distinct from expected.line_amount
    or coalesce(days.reversed_amount, 0) is distinct from expected.reversed_amount
    or coalesce(days.recognised_amount, 0)
    is distinct from expected.line_amount - expected.reversed_amount

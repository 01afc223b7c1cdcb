-- Reconciliation: what courses are given, and what none is given, is the ledger's revenue of every
-- month and currency, to the last digit.
with courses as (

    select
        month_start_date,
        currency,
        sum(gross) as gross,
        sum(refunds) as refunds,
        sum(disputes) as disputes,
        sum(fees_allocated) as fees,
        sum(net_revenue) as net
    from {{ ref('course_revenue_monthly') }}
    group by month_start_date, currency

),

bookings as (

    select
        *,
        {{ local_month('created_at') }} as month_start_date
    from {{ ref('int_finance__ledger') }}
    where ledger_group in ('sales', 'refunds', 'disputes', 'fees')

),

ledger as (

    select
        month_start_date,
        currency,
        coalesce(sum(amount) filter (where ledger_group = 'sales'), 0) as gross,
        -coalesce(sum(amount) filter (where ledger_group = 'refunds'), 0) as refunds,
        -coalesce(sum(amount) filter (where ledger_group = 'disputes'), 0) as disputes,
        sum(fee) - coalesce(sum(amount) filter (where ledger_group = 'fees'), 0) as fees,
        sum(net) as net
    from bookings
    group by month_start_date, currency

)

select
    ledger.*,
    courses.net as net_of_courses
from courses
full outer join ledger
    on
        courses.month_start_date = ledger.month_start_date
        and courses.currency = ledger.currency
where
    (courses.gross, courses.refunds, courses.disputes, courses.fees, courses.net)
    is distinct from (ledger.gross, ledger.refunds, ledger.disputes, ledger.fees, ledger.net)

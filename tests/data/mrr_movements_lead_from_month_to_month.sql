-- Proves, per customer and currency, that every month begins with what the one before ended with,
-- and ends with what the items of the monthly fact come to.
with movements as (

    select
        customer_id,
        currency,
        month_start_date,
        opening_mrr,
        closing_mrr
    from {{ ref('fact_mrr_movement') }}

),

month_ends as (

    select
        customer_id,
        currency,
        month_start_date,
        sum(mrr_net) as mrr
    from {{ ref('fact_mrr_monthly') }}
    group by customer_id, currency, month_start_date

),

months as (

    select * from {{ ref('int_finance__months') }}

),

-- what stands at the end of a month opens the next, if that has begun
openings as (

    select
        month_ends.customer_id,
        month_ends.currency,
        months.month_start_date,
        month_ends.mrr
    from month_ends
    inner join months
        on month_ends.month_start_date = (months.month_start_date - interval '1 month')::date
    where month_ends.mrr > 0

),

closings as (

    select
        customer_id,
        currency,
        month_start_date,
        mrr
    from month_ends
    where mrr > 0

)

select
    'opening' as wrong,
    customer_id,
    currency,
    month_start_date,
    movements.opening_mrr as moved,
    openings.mrr as counted
from (
    select * from movements
    where opening_mrr > 0
) as movements
full outer join openings using (customer_id, currency, month_start_date)
where movements.opening_mrr is distinct from openings.mrr

union all

select
    'closing' as wrong,
    customer_id,
    currency,
    month_start_date,
    movements.closing_mrr as moved,
    closings.mrr as counted
from (
    select * from movements
    where closing_mrr > 0
) as movements
full outer join closings using (customer_id, currency, month_start_date)
where movements.closing_mrr is distinct from closings.mrr

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

counted as (

    select
        'opening' as mark,
        customer_id,
        currency,
        month_start_date,
        mrr
    from openings

    union all

    select
        'closing' as mark,
        customer_id,
        currency,
        month_start_date,
        mrr
    from month_ends
    where mrr > 0

),

moved as (

    select
        'opening' as mark,
        customer_id,
        currency,
        month_start_date,
        opening_mrr as mrr
    from movements
    where opening_mrr > 0

    union all

    select
        'closing' as mark,
        customer_id,
        currency,
        month_start_date,
        closing_mrr as mrr
    from movements
    where closing_mrr > 0

)

select
    moved.*,
    counted.mark as counted_mark,
    counted.customer_id as counted_customer_id,
    counted.currency as counted_currency,
    counted.month_start_date as counted_month,
    counted.mrr as counted_mrr
from moved
full outer join counted
    on
        moved.mark = counted.mark
        and moved.customer_id = counted.customer_id
        and moved.currency = counted.currency
        and moved.month_start_date = counted.month_start_date
where moved.mrr is distinct from counted.mrr

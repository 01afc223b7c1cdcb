-- Proves that the fx part is the opening MRR times the change of the rate between two ends of
-- months, within what rounding every item and movement to four decimals can add up to.
with movements as (

    select * from {{ ref('fact_mrr_movement') }}

),

months as (

    select
        month_start_date,
        (month_start_date - interval '1 month')::date as previous_start_date,
        {{ local_date('snapshot_at') }} as snapshot_date
    from {{ ref('int_finance__months') }}

),

fx as (

    select * from {{ ref('int_finance__fx_daily') }}

),

rates as (

    select
        fx.currency,
        months.month_start_date,
        fx.reporting_units_per_eur / fx.units_per_eur as rate
    from months
    inner join fx on months.snapshot_date = fx.rate_date

)

select
    movements.customer_id,
    movements.currency,
    movements.month_start_date,
    movements.opening_mrr,
    movements.fx_mrr_reporting,
    movements.opening_mrr * (closing.rate - opening.rate) as expected
from movements
inner join months on movements.month_start_date = months.month_start_date
inner join rates as closing
    on
        movements.currency = closing.currency
        and movements.month_start_date = closing.month_start_date
inner join rates as opening
    on
        movements.currency = opening.currency
        and months.previous_start_date = opening.month_start_date
where
    movements.opening_mrr > 0
    and abs(movements.fx_mrr_reporting - movements.opening_mrr * (closing.rate - opening.rate))
    > 0.01

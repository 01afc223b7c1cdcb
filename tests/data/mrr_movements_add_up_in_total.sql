-- Proves that per month all movements together lead from the MRR of all items at the end of the
-- month before to that at its own end: in every currency, and with fx in the reporting one.
with movements as (

    select
        month_start_date,
        currency,
        sum(new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churn_mrr) as moved,
        sum(
            new_mrr_reporting + reactivation_mrr_reporting + expansion_mrr_reporting
            - contraction_mrr_reporting - churn_mrr_reporting + fx_mrr_reporting
        ) as moved_reporting
    from {{ ref('fact_mrr_movement') }}
    group by month_start_date, currency

),

month_ends as (

    select
        month_start_date,
        currency,
        sum(mrr_net) as mrr,
        case when count(*) = count(mrr_reporting) then sum(mrr_reporting) end as mrr_reporting
    from {{ ref('fact_mrr_monthly') }}
    group by month_start_date, currency

),

every_month as (

    select month_start_date from {{ ref('int_finance__months') }}

),

currencies as (

    select distinct currency from month_ends

),

months as (

    select
        every_month.month_start_date,
        currencies.currency,
        coalesce(month_ends.mrr, 0) as mrr,
        case when month_ends.currency is null then 0 else month_ends.mrr_reporting end
            as mrr_reporting
    from every_month
    cross join currencies
    left join month_ends
        on
            every_month.month_start_date = month_ends.month_start_date
            and currencies.currency = month_ends.currency

),

compared as (

    select
        months.month_start_date,
        months.currency,
        months.mrr - coalesce(lag(months.mrr) over by_month, 0) as grown,
        months.mrr_reporting - lag(months.mrr_reporting, 1, 0::numeric) over by_month
            as grown_reporting,
        coalesce(movements.moved, 0) as moved,
        case when movements.currency is null then 0 else movements.moved_reporting end
            as moved_reporting
    from months
    left join movements
        on
            months.month_start_date = movements.month_start_date
            and months.currency = movements.currency
    window by_month as (partition by months.currency order by months.month_start_date)

)

select *
from compared
where
    grown <> moved
    or grown_reporting <> moved_reporting

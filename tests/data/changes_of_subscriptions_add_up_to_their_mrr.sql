-- Proves that each change begins with the MRR the one before left, and that the last one leaves
-- what the subscription has at the end of the last month.
with events as (

    select
        subscription_id,
        occurred_at,
        mrr_before,
        mrr_after,
        lag(mrr_after, 1, 0::numeric) over life as left_before,
        lead(occurred_at) over life is null as is_last
    from {{ ref('fact_subscription_event') }}
    window life as (partition by subscription_id order by occurred_at)

),

months as (

    select max(month_start_date) as last_start_date from {{ ref('int_finance__months') }}

),

last_month as (

    select
        subscription_id,
        sum(mrr_net) as mrr
    from {{ ref('fact_mrr_monthly') }}
    where month_start_date = (select months.last_start_date from months)
    group by subscription_id

)

select
    events.*,
    last_month.mrr
from events
left join last_month on events.subscription_id = last_month.subscription_id
where
    events.mrr_before <> events.left_before
    or (events.is_last and events.mrr_after <> coalesce(last_month.mrr, 0))

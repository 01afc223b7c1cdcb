-- One row per open order and day, with its use and the history of its payer by the end of the day.
with orders as (

    select * from {{ ref('int_cross__open_orders') }}

),

usage as (

    select * from {{ ref('int_cross__order_usage_days') }}

),

incidents as (

    select * from {{ ref('int_cross__payer_incidents') }}

),

histories as (

    select
        usage.charge_id,
        usage.date,
        count(*) filter (where incidents.kind = 'refund')::integer as prior_refunds,
        count(*) filter (where incidents.kind = 'dispute')::integer as prior_disputes,
        count(*) filter (
            where
            incidents.kind = 'failed payment'
            and incidents.date > usage.date - {{ var('refund_window_days') }}
        )::integer as failed_charges_30d
    from usage
    inner join orders on usage.charge_id = orders.charge_id
    inner join incidents
        on
            orders.payer_person_key = incidents.payer_person_key
            and usage.charge_id <> incidents.charge_id
            and usage.date >= incidents.date
    group by usage.charge_id, usage.date

),

final as (

    select
        orders.charge_id,
        orders.customer_id,
        orders.payer_person_key,
        orders.paid_at,
        orders.last_date = usage.date as is_last_day,
        usage.date,
        usage.date - orders.first_date as days_since_purchase,
        case when usage.is_observed then usage.last_accessed_on is not null end as has_accessed,
        usage.date - usage.last_accessed_on as days_since_access,
        usage.progress_pct,
        case when usage.is_observed then usage.time_spent_seconds end as time_spent_seconds,
        coalesce(histories.prior_refunds, 0) as prior_refunds,
        coalesce(histories.failed_charges_30d, 0) as failed_charges_30d,
        coalesce(histories.prior_disputes, 0) as prior_disputes
    from usage
    inner join orders on usage.charge_id = orders.charge_id
    left join histories on usage.charge_id = histories.charge_id and usage.date = histories.date

)

select * from final

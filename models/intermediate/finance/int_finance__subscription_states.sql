-- One row per subscription and period in which nothing about it changes, beside the one before.
{{ config(meta={'grain': ['subscription_id', 'period_from'], 'owner': 'data-team'}) }}

with periods as (

    select * from {{ ref('int_finance__subscription_periods') }}

),

last_seen as (

    select * from {{ ref('int_finance__last_seen') }}

),

plans as (

    select
        subscription_id,
        valid_from,
        string_agg(price_id, ', ' order by price_id, item_id) as price_ids,
        string_agg(quantity::text, ', ' order by price_id, item_id) as quantities,
        sum(quantity) as quantity
    from {{ ref('int_finance__subscription_items') }}
    group by subscription_id, valid_from

),

mrr as (

    select
        subscription_id,
        period_from,
        sum(mrr_net_minor) as mrr_minor
    from {{ ref('int_finance__item_mrr') }}
    group by subscription_id, period_from

),

states as (

    select
        periods.*,
        plans.price_ids,
        plans.quantities,
        plans.quantity,
        coalesce(mrr.mrr_minor, 0) as mrr_minor
    from periods
    inner join last_seen on periods.period_from <= last_seen.last_seen_at
    left join plans
        on
            periods.subscription_id = plans.subscription_id
            and periods.version_from = plans.valid_from
    left join mrr
        on
            periods.subscription_id = mrr.subscription_id
            and periods.period_from = mrr.period_from

),

compared as (

    select
        *,
        lag(period_from) over life is null as is_first,
        lag(status) over life as previous_status,
        lag(pause_behavior) over life as previous_pause_behavior,
        lag(price_ids) over life as previous_price_ids,
        lag(quantities) over life as previous_quantities,
        lag(quantity) over life as previous_quantity,
        coalesce(lag(mrr_minor) over life, 0) as mrr_before_minor
    from states
    window life as (partition by subscription_id order by period_from)

),

final as (

    select
        subscription_id,
        customer_id,
        currency,
        period_from,
        status,
        previous_status,
        pause_behavior,
        price_ids,
        previous_price_ids,
        quantity,
        previous_quantity,
        case when period_from >= ended_at then cancellation_reason end as cancellation_reason,
        is_inferred,
        mrr_before_minor::numeric(24, 4) as mrr_before_minor,
        mrr_minor::numeric(24, 4) as mrr_minor,
        (
            status is distinct from previous_status
            or pause_behavior is distinct from previous_pause_behavior
        ) as has_status_change,
        (not is_first and price_ids is distinct from previous_price_ids) as has_plan_change,
        (
            not is_first
            and price_ids is not distinct from previous_price_ids
            and quantities is distinct from previous_quantities
        ) as has_quantity_change
    from compared

)

select * from final

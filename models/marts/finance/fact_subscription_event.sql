-- One row per subscription and instant at which its status, plan, quantity or MRR changes.
{{
    config(
        indexes=[
            {'columns': ['subscription_event_key'], 'unique': true},
            {'columns': ['customer_id', 'occurred_at']},
        ],
        meta={'grain': ['subscription_id', 'occurred_at'], 'owner': 'data-team'},
    )
}}

with periods as (

    select * from {{ ref('int_finance__subscription_periods') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

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

currencies as (

    select * from {{ ref('currencies') }}

),

states as (

    select
        periods.*,
        plans.price_ids,
        plans.quantities,
        plans.quantity,
        {{ major_units('coalesce(mrr.mrr_minor, 0)', 'currencies.api_exponent') }}::numeric(18, 4)
            as mrr
    from periods
    inner join last_seen on periods.period_from <= last_seen.last_seen_at
    inner join currencies on periods.currency = currencies.currency
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
        coalesce(lag(mrr) over life, 0) as mrr_before
    from states
    window life as (partition by subscription_id order by period_from)

),

events as (

    select
        *,
        (status, pause_behavior) is distinct from (previous_status, previous_pause_behavior)
            as has_status_change,
        not is_first and price_ids is distinct from previous_price_ids as has_plan_change,
        not is_first
        and price_ids is not distinct from previous_price_ids
        and quantities is distinct from previous_quantities as has_quantity_change
    from compared

),

final as (

    select
        ---------- keys
        {{ surrogate_key([
            'events.subscription_id', 'extract(epoch from events.period_from)',
        ]) }} as subscription_event_key,
        coalesce(customers.customer_key, {{ version_key('events.customer_id') }}) as customer_key,
        {{ date_key(local_date('events.period_from')) }} as date_key,
        {{ surrogate_key(['events.currency']) }} as currency_key,

        ---------- ids
        events.subscription_id,
        events.customer_id,

        ---------- what changed
        events.has_status_change,
        events.has_plan_change,
        events.has_quantity_change,
        events.previous_status,
        events.status as new_status,
        events.pause_behavior as new_pause_behavior,
        events.previous_price_ids,
        events.price_ids as new_price_ids,
        events.previous_quantity,
        events.quantity as new_quantity,
        case when events.period_from >= events.ended_at then events.cancellation_reason end
            as cancellation_reason,

        ---------- amounts
        events.currency,
        events.mrr_before,
        events.mrr as mrr_after,

        ---------- classification
        events.is_inferred,

        ---------- timestamps
        events.period_from as occurred_at
    from events
    left join customers
        on
            events.customer_id = customers.customer_id
            and events.period_from >= customers.valid_from
            and events.period_from < customers.valid_to
    where
        events.has_status_change
        or events.has_plan_change
        or events.has_quantity_change
        or events.mrr <> events.mrr_before

)

select * from final

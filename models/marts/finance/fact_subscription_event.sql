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

with states as (

    select * from {{ ref('int_finance__subscription_states') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

events as (

    select
        states.*,
        ({{ major_units('states.mrr_before_minor', 'currencies.api_exponent') }})::numeric(18, 4)
            as mrr_before,
        ({{ major_units('states.mrr_minor', 'currencies.api_exponent') }})::numeric(18, 4)
            as mrr_after
    from states
    inner join currencies on states.currency = currencies.currency
    where
        states.has_status_change
        or states.has_plan_change
        or states.has_quantity_change
        or states.mrr_minor <> states.mrr_before_minor

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
        events.cancellation_reason,

        ---------- amounts
        events.currency,
        events.mrr_before,
        events.mrr_after,

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

)

select * from final

-- One row per customer, currency and instant at which the customer's MRR in it changes.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['customer_id', 'currency', 'changed_at'], 'unique': true}],
        meta={'grain': ['customer_id', 'currency', 'changed_at'], 'owner': 'data-team'},
    )
}}

{%- set counted = {
    'every_change': 'steps.changed_at',
    'month_end':
        "(date_trunc('month', steps.changed_at at time zone '" ~ var('reporting_timezone')
        ~ "') + interval '1 month') at time zone '" ~ var('reporting_timezone')
        ~ "' - interval '1 microsecond'",
} %}
{%- if var('mrr_movements') not in counted %}
    {{ exceptions.raise_compiler_error(
        "var mrr_movements is " ~ var('mrr_movements') ~ ": choose one of " ~ counted | join(', ')
    ) }}
{%- endif %}

with item_mrr as (

    select * from {{ ref('int_finance__item_mrr') }}
    where mrr_net_minor > 0

),

lost as (

    select
        subscription_id,
        period_from as lost_at
    from {{ ref('int_finance__subscription_periods') }}
    where status = 'unpaid' or (period_from >= ended_at and cancellation_reason = 'payment_failed')

),

last_seen as (

    select * from {{ ref('int_finance__last_seen') }}

),

-- what is going to end, such as a discount, has not yet
steps as (

    select
        item_mrr.customer_id,
        item_mrr.currency,
        step.changed_at,
        step.delta_minor,
        step.is_end and lost.lost_at is not null as is_involuntary
    from item_mrr
    cross join last_seen
    cross join
        lateral (
            values
            (item_mrr.period_from, item_mrr.mrr_net_minor, false),
            (item_mrr.period_to, -item_mrr.mrr_net_minor, true)
        ) as step (changed_at, delta_minor, is_end)
    left join lost
        on item_mrr.subscription_id = lost.subscription_id and step.changed_at = lost.lost_at
    where step.changed_at <= last_seen.last_seen_at

),

changes as (

    select
        steps.customer_id,
        steps.currency,
        ({{ counted[var('mrr_movements')] }}) as changed_at,
        sum(delta_minor) as delta_minor,
        bool_or(is_involuntary) as is_involuntary
    from steps
    group by 1, 2, 3
    having sum(delta_minor) <> 0

),

balances as (

    select
        *,
        sum(delta_minor) over (
            partition by customer_id, currency order by changed_at
        ) as mrr_after_minor
    from changes

),

final as (

    select
        customer_id,
        currency,
        changed_at,
        (mrr_after_minor - delta_minor)::numeric(24, 4) as mrr_before_minor,
        mrr_after_minor::numeric(24, 4) as mrr_after_minor,
        delta_minor::numeric(24, 4) as delta_minor,
        is_involuntary
    from balances

)

select * from final

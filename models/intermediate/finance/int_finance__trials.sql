-- One row per subscription with a trial that is over: whether it became a paying one.
{{ config(meta={'grain': ['subscription_id'], 'owner': 'data-team'}) }}

with subscriptions as (

    select * from {{ ref('int_finance__subscriptions') }}
    where is_current and trial_end is not null

),

periods as (

    select * from {{ ref('int_finance__subscription_periods') }}

),

paid_invoices as (

    select
        subscription_id,
        paid_at
    from {{ ref('int_finance__invoices') }}
    where status = 'paid' and amount_paid_minor > 0

),

trials as (

    select
        *,
        least(trial_end, ended_at) as trial_ended_at
    from subscriptions
    where status <> 'trialing'

),

active as (

    select
        trials.subscription_id,
        min(greatest(periods.period_from, trials.trial_ended_at)) as converted_at
    from trials
    inner join periods
        on
            trials.subscription_id = periods.subscription_id
            and trials.trial_ended_at < periods.period_to
    where periods.status in ('active', 'past_due')
    group by trials.subscription_id

),

-- the invoice of the trial itself is over nothing
paid as (

    select
        trials.subscription_id,
        min(paid_invoices.paid_at) as paid_at
    from trials
    inner join paid_invoices
        on
            trials.subscription_id = paid_invoices.subscription_id
            and trials.trial_ended_at <= paid_invoices.paid_at
    group by trials.subscription_id

),

final as (

    select
        trials.subscription_id,
        trials.customer_id,
        trials.currency,
        trials.trial_start,
        trials.trial_ended_at,
        active.converted_at,
        paid.paid_at,
        active.subscription_id is not null as is_converted,
        paid.subscription_id is not null as is_paid
    from trials
    left join active on trials.subscription_id = active.subscription_id
    left join paid on trials.subscription_id = paid.subscription_id

)

select * from final

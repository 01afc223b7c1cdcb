-- One row per subscription and period in which neither its state nor what discounts hold changes.
{{
    config(
        materialized='table',
        indexes=[
            {'columns': ['subscription_id', 'period_from'], 'unique': true},
        ],
        meta={'grain': ['subscription_id', 'period_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__subscriptions') }}

),

discounts as (

    select * from {{ ref('int_finance__subscription_discounts') }}

),

-- before the first version known the subscription was what that version makes likely
first_versions as (

    select
        *,
        row_number() over (partition by subscription_id order by valid_from) as version_number
    from versions

),

lives as (

    select
        first_versions.subscription_id,
        first_versions.valid_from as first_seen_at,
        least(first_versions.created_at, first_versions.valid_from) as began_at,
        first_versions.trial_end as first_trial_end,
        case
            when first_versions.status in ('past_due', 'canceled') then 'active'
            else first_versions.status
        end as first_status,
        current_versions.status as last_status,
        current_versions.ended_at,
        current_versions.cancellation_reason
    from first_versions
    inner join versions as current_versions
        on
            first_versions.subscription_id = current_versions.subscription_id
            and current_versions.is_current
    where first_versions.version_number = 1

),

-- whatever begins or ends something; union leaves each instant once
cuts as (

    select
        subscription_id,
        valid_from as cut_at
    from versions
    union
    select
        subscription_id,
        unnest(array[
            began_at, ended_at, case when first_trial_end < first_seen_at then first_trial_end end
        ]) as cut_at
    from lives
    union
    select
        subscription_id,
        unnest(array[starts_at, ends_at]) as cut_at
    from discounts

),

periods as (

    select
        lives.*,
        cuts.cut_at as period_from,
        coalesce(
            lead(cuts.cut_at) over (partition by cuts.subscription_id order by cuts.cut_at),
            timestamptz '9999-12-31 00:00:00+00'
        ) as period_to
    from cuts
    inner join lives
        on
            cuts.subscription_id = lives.subscription_id
            and cuts.cut_at >= lives.began_at

),

stated as (

    select
        periods.*,
        versions.customer_id,
        versions.currency,
        versions.cancel_at_period_end,
        -- the version whose items and discounts hold
        versions.valid_from as version_from,
        periods.period_from < periods.first_seen_at as is_inferred,
        case
            when periods.period_from >= periods.ended_at then periods.last_status
            when periods.period_from >= periods.first_seen_at then versions.status
            when periods.period_from < periods.first_trial_end then 'trialing'
            else periods.first_status
        end as status,
        case
            when periods.period_from >= periods.first_seen_at then versions.pause_behavior
        end as pause_behavior
    from periods
    inner join versions
        on
            periods.subscription_id = versions.subscription_id
            and greatest(periods.period_from, periods.first_seen_at) >= versions.valid_from
            and greatest(periods.period_from, periods.first_seen_at) < versions.valid_to

),

final as (

    select
        subscription_id,
        customer_id,
        currency,
        period_from,
        period_to,
        version_from,
        status,
        pause_behavior,
        cancel_at_period_end,
        cancellation_reason,
        ended_at,
        is_inferred,
        status = 'past_due' as is_past_due,
        status in ('active', 'past_due')
        and coalesce(pause_behavior, '') not in (
            '{{ var("mrr_excluded_pauses") | join("', '") }}' -- noqa: LT05
        ) as has_mrr
    from stated

)

select * from final

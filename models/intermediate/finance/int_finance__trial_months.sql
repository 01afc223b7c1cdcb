-- One row per scope (each currency, or all) and month in which trials ended.
{{ config(meta={'grain': ['scope', 'currency', 'month_start_date'], 'owner': 'data-team'}) }}

with trials as (

    select * from {{ ref('int_finance__trials') }}

),

final as (

    select
        scopes.scope,
        scopes.currency,
        date_trunc('month', {{ local_date('trials.trial_ended_at') }}::timestamp)::date
            as month_start_date,
        count(*) as ended_trials_count,
        count(*) filter (where trials.is_converted) as converted_trials_count,
        count(*) filter (where trials.is_paid) as paid_trials_count
    from trials
    cross join
        lateral (
            values
            ('currency', trials.currency),
            ('all', '{{ var("reporting_currency") }}')
        ) as scopes (scope, currency)
    group by 1, 2, 3

)

select * from final

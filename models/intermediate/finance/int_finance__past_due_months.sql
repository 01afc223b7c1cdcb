-- One row per scope (each currency, or all in the reporting one) and month with MRR past due.
{{ config(meta={'grain': ['scope', 'currency', 'month_start_date'], 'owner': 'data-team'}) }}

with mrr as (

    select * from {{ ref('fact_mrr_monthly') }}
    where is_past_due

),

final as (

    select
        scopes.scope,
        scopes.currency,
        mrr.month_start_date,
        {{ sum_if_known('scopes.amount') }} as at_risk_mrr,
        max(mrr.days_past_due) as days_past_due
    from mrr
    cross join
        lateral (
            values
            ('currency', mrr.currency, mrr.mrr_net),
            ('all', '{{ var("reporting_currency") }}', mrr.mrr_reporting)
        ) as scopes (scope, currency, amount)
    group by 1, 2, 3

)

select * from final

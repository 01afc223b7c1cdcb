-- One row per month and kind of learner: who learns, who pays, how many.
{{
    config(
        meta={
            'grain': ['month_start_date', 'quadrant', 'has_subscription'], 'owner': 'data-team',
        },
    )
}}

with months as (

    select * from {{ ref('activity_vs_payment_churn') }}

),

final as (

    select
        month_start_date,
        quadrant,
        has_subscription,
        count(*)::integer as learners_count,
        (count(*) filter (where is_silent_churn_risk))::integer as silent_churn_risk_count
    from months
    group by month_start_date, quadrant, has_subscription

)

select * from final

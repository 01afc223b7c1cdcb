-- One row per paid order that could still be refunded, on the last day known, without whose it is.
{{ config(materialized='view', meta={'grain': ['charge_id'], 'owner': 'data-team'}) }}

with days as (

    select * from {{ ref('refund_risk_daily') }}
    where is_last_day

),

final as (

    select
        charge_id,
        date,
        paid_at,
        days_since_purchase,
        rule_score,
        band,
        coalesce(nullif(risk_reasons, ''), 'none') as risk_reasons
    from days

)

select * from final

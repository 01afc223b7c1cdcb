-- One row per paid order that can still be refunded, as of the last day known, without whose it is.
{{ config(materialized='view', meta={'grain': ['charge_id'], 'owner': 'data-team'}) }}

with days as (

    select
        *,
        max(date) over () as last_date
    from {{ ref('refund_risk_daily') }}
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
    where date = last_date

)

select * from final

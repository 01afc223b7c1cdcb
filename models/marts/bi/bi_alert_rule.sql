-- One row per rule of alerts: how often it was broken, and whether it is now.
{{ config(materialized='view', meta={'grain': ['rule'], 'owner': 'data-team'}) }}

with rules as (

    select * from {{ ref('alert_rules') }}

),

alerts as (

    select * from {{ ref('alert_event') }}

),

final as (

    select
        rules.rule,
        rules.severity,
        rules.description,
        count(alerts.rule)::integer as alerts_count,
        (count(*) filter (where alerts.state = 'firing'))::integer as firing_count,
        max(alerts.opened_at) as last_opened_at
    from rules
    left join alerts on rules.rule = alerts.rule
    group by rules.rule, rules.severity, rules.description

)

select * from final

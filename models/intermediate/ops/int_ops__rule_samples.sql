-- One row per rule of alerts and sample of its metric.
{{ config(meta={'grain': ['rule', 'sample_id'], 'owner': 'data-team'}) }}

with rules as (

    select * from {{ ref('alert_rules') }}

),

samples as (

    select * from {{ ref('stg_ops__metric_sample') }}

),

final as (

    select
        ---------- rule
        rules.rule,
        rules.metric,
        rules.aggregate,
        rules.comparator,
        rules.threshold,
        rules.severity,
        rules.window_minutes * interval '1 minute' as window_length,
        rules.cooldown_minutes * interval '1 minute' as cooldown,
        ---------- sample
        samples.sample_id,
        samples.labels,
        samples.value,
        samples.sampled_at,
        samples.written_at
    from rules
    inner join samples on rules.metric = samples.metric and samples.labels @> rules.matching

)

select * from final

-- One row per source that is loaded again and again, and dbt: how long ago it last succeeded.
{{ config(meta={'grain': ['source'], 'owner': 'data-team'}) }}

with signs as (

    select * from {{ ref('int_ops__life_signs') }}
    -- these come when somebody wants them to, or when somebody sends
    where component not in ('replay', 'backfill', 'erasure', 'files', 'http')

),

rules as (

    select
        matching ->> 'lane' as lane,
        max(threshold) filter (where severity = 'warn') as warn_after_seconds,
        max(threshold) filter (where severity = 'error') as error_after_seconds
    from {{ ref('alert_rules') }}
    where metric = 'coursehouse_source_age_seconds'
    group by matching ->> 'lane'

),

last_signs as (

    select
        component as source,
        max(signed_at) filter (where kind = 'pulse') as pulse_at,
        max(signed_at) filter (where kind = 'end') as end_at,
        max(signed_at) filter (where not is_failed) as succeeded_at,
        max(signed_at) filter (where is_failed) as failed_at
    from signs
    group by component

),

lanes as (

    select
        *,
        case
            when source = 'fx' then 'reference'
            when source = 'dbt' then 'build'
            -- pulses since the last end of a command: one is running, or was killed
            when pulse_at > coalesce(end_at, '-infinity') then 'stream'
            else 'batch'
        end as lane,
        extract(epoch from {{ present() }} - succeeded_at)::numeric(14, 3) as age_seconds
    from last_signs
    where
        succeeded_at is not null
        -- nobody misses a stream that was ended on purpose
        and (source <> 'stream' or end_at is null or pulse_at > end_at or failed_at >= end_at)

),

final as (

    select
        lanes.source,
        lanes.lane,
        lanes.succeeded_at,
        coalesce(lanes.failed_at > lanes.succeeded_at, false) as is_failing,
        lanes.age_seconds,
        rules.warn_after_seconds,
        rules.error_after_seconds,
        case
            when lanes.age_seconds > rules.error_after_seconds then 'error'
            when lanes.age_seconds > rules.warn_after_seconds then 'warn'
            else 'ok'
        end as status
    from lanes
    left join rules on lanes.lane = rules.lane

)

select * from final

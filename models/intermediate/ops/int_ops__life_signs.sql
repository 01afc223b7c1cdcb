-- One row per component and instant at which it is known to have worked, or to have failed.
{{ config(meta={'grain': ['component', 'kind', 'signed_at'], 'owner': 'data-team'}) }}

with outcomes as (

    select * from {{ ref('int_ops__load_outcomes') }}

),

builds as (

    select * from {{ ref('stg_ops__build_run') }}
    where command not in ('alert', 'stream')

),

samples as (

    select * from {{ ref('stg_ops__metric_sample') }}
    where metric = 'coursehouse_last_success_timestamp_seconds'

),

signs as (

    select
        source as component,
        case when outcome_key like 'run %' then 'end' else 'load' end as kind,
        completed_at as signed_at,
        is_failed
    from outcomes
    union all
    select
        'dbt' as component,
        'end' as kind,
        completed_at as signed_at,
        is_failed
    from builds
    union all
    -- what runs says again and again when it last succeeded
    select
        labels ->> 'source' as component,
        'pulse' as kind,
        to_timestamp(value) as signed_at,
        false as is_failed
    from samples

),

final as (

    select
        component,
        kind,
        signed_at,
        bool_or(is_failed) as is_failed
    from signs
    -- what was given up for good is missed by nobody
    where
        component not in (
            '{{ var("retired_sources") | join("', '") }}' -- noqa: LT05
        )
    group by component, kind, signed_at

)

select * from final

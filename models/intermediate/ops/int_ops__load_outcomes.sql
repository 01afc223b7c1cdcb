-- One row per attempt to load a source that is known of: runs of commands, and completed loads.
{{ config(meta={'grain': ['outcome_key'], 'owner': 'data-team'}) }}

with runs as (

    select * from {{ ref('stg_ops__load_run') }}

),

loads as (

    select * from {{ ref('stg_ops__load_manifest') }}

),

final as (

    select
        'run ' || run_id as outcome_key,
        null as load_id,
        source,
        is_failed,
        error_class,
        null as inserted_count,
        null as updated_count,
        null as deleted_count,
        started_at,
        completed_at
    from runs
    union all
    -- a stream completes loads for days before its command ends
    select
        'load ' || load_id as outcome_key,
        load_id,
        source,
        false as is_failed,
        null as error_class,
        inserted_count,
        updated_count,
        deleted_count,
        started_at,
        completed_at
    from loads

)

select * from final

-- One row per dbt invocation that built or tested something.
with source as (

    select * from {{ source('ops', 'build_run') }}

),

final as (

    select
        ---------- ids
        invocation_id,
        command,
        ---------- how it ended
        status = 'failed' as is_failed,
        models as models_count,
        tests as tests_count,
        failures as failures_count,
        ---------- timestamps
        started_at,
        completed_at
    from source

)

select * from final

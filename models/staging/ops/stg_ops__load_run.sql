-- One row per run of a load command, as it ended.
with source as (

    select * from {{ source('ops', 'load_run') }}

),

final as (

    select
        ---------- ids
        run_id,
        source,
        ---------- how it ended
        status = 'failed' as is_failed,
        error_class,
        ---------- timestamps
        started_at,
        completed_at
    from source

)

select * from final

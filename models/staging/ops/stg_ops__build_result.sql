-- One row per dbt invocation and node it executed.
with source as (

    select * from {{ source('ops', 'build_result') }}

),

final as (

    select
        ---------- ids
        invocation_id,
        unique_id,
        resource_type,
        split_part(unique_id, '.', 3) as node_name,
        ---------- how it ended
        status,
        failures as failures_count,
        rows_affected as rows_count,
        message_class,
        ---------- timestamps
        started_at,
        completed_at
    from source

)

select * from final

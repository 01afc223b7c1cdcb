-- One row per completed load.
with source as (

    select * from {{ source('ops', 'load_manifest') }}

),

final as (

    select
        ---------- ids
        load_id,
        source,
        ---------- what it did
        rows_inserted as inserted_count,
        rows_updated as updated_count,
        rows_deleted as deleted_count,
        tables,
        ---------- timestamps
        started_at,
        completed_at
    from source

)

select * from final

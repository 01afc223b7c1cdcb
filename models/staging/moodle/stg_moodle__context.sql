-- One row per permission context.
with source as (

    select * from {{ source('moodle', 'mdl_context') }}

),

final as (

    select
        ---------- ids
        id as context_id,
        instanceid as context_instance_id,
        ---------- properties
        contextlevel as context_level,
        path as context_path,
        depth,
        (locked = 1) as is_locked,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

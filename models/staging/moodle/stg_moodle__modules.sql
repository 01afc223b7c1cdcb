-- One row per installed activity type.
with source as (

    select * from {{ source('moodle', 'mdl_modules') }}

),

final as (

    select
        ---------- ids
        id as module_id,
        ---------- properties
        name as module_name,
        (visible = 1) as is_visible,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per site setting that was picked for loading.
with source as (

    select * from {{ source('moodle', 'mdl_config') }}

),

final as (

    select
        ---------- ids
        id as setting_id,
        ---------- values
        name as setting_name,
        value as setting_value,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

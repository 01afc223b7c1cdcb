-- One row per name of a tracked value.
with source as (

    select * from {{ source('moodle', 'mdl_scorm_element') }}

),

final as (

    select
        ---------- ids
        id as scorm_element_id,
        ---------- properties
        element as element_name,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

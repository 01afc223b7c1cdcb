-- One row per part (SCO, asset or heading) of a SCORM package.
with source as (

    select * from {{ source('moodle', 'mdl_scorm_scoes') }}

),

final as (

    select
        ---------- ids
        id as sco_id,
        scorm as scorm_id,
        parent as parent_identifier,
        identifier as sco_identifier,
        ---------- properties
        title as sco_title,
        scormtype as sco_type,
        sortorder as sort_order,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

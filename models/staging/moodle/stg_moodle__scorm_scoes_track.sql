-- One row per person, attempt, part and tracked value (up to Moodle 4.2).
with source as (

    select * from {{ source('moodle', 'mdl_scorm_scoes_track') }}

),

final as (

    select
        ---------- ids
        id as scorm_track_id,
        scormid as scorm_id,
        scoid as sco_id,
        userid as user_id,
        ---------- values
        attempt as attempt_number,
        element as element_name,
        value as element_value,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

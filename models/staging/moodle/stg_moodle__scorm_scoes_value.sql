-- One row per attempt, part and tracked value.
with source as (

    select * from {{ source('moodle', 'mdl_scorm_scoes_value') }}

),

final as (

    select
        ---------- ids
        id as scorm_value_id,
        attemptid as scorm_attempt_id,
        scoid as sco_id,
        elementid as scorm_element_id,
        ---------- values
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

-- One row per attempt of a person at a SCORM activity.
with source as (

    select * from {{ source('moodle', 'mdl_scorm_attempt') }}

),

final as (

    select
        ---------- ids
        id as scorm_attempt_id,
        scormid as scorm_id,
        userid as user_id,
        ---------- states
        attempt as attempt_number,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per event in Moodle's standard log.
with source as (

    select * from {{ source('moodle', 'mdl_logstore_standard_log') }}

),

final as (

    select
        ---------- ids
        id as log_id,
        userid as user_id,
        relateduserid as related_user_id,
        realuserid as real_user_id,
        courseid as course_id,
        contextid as context_id,
        contextinstanceid as context_instance_id,
        objectid as object_id,
        ---------- what happened
        eventname as event_name,
        component,
        action,
        target,
        objecttable as object_table,
        crud as crud_code,
        edulevel as education_level,
        contextlevel as context_level,
        origin,
        (anonymous = 1) as is_anonymous,
        {{ truncate_ip('ip') }} as ip_network,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as occurred_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

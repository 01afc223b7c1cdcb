-- One row per person and course with at least one visit.
with source as (

    select * from {{ source('moodle', 'mdl_user_lastaccess') }}

),

final as (

    select
        ---------- ids
        id as last_access_id,
        userid as user_id,
        courseid as course_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timeaccess') }} as last_access_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

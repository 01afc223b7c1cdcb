-- One row per badge.
with source as (

    select * from {{ source('moodle', 'mdl_badge') }}

),

final as (

    select
        ---------- ids
        id as badge_id,
        courseid as course_id,
        usercreated as created_by_user_id,
        usermodified as modified_by_user_id,
        ---------- properties
        name as badge_name,
        type as badge_type_code,
        status as status_code,
        ---------- amounts
        expireperiod as expires_after_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('expiredate') }} as expires_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

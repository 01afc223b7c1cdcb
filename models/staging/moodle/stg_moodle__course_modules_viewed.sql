-- One row per person and activity that was opened at least once.
with source as (

    select * from {{ source('moodle', 'mdl_course_modules_viewed') }}

),

final as (

    select
        ---------- ids
        id as activity_view_id,
        coursemoduleid as activity_id,
        userid as user_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as first_viewed_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

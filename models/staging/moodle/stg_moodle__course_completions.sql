-- One row per person and course for which Moodle tracks course completion.
with source as (

    select * from {{ source('moodle', 'mdl_course_completions') }}

),

final as (

    select
        ---------- ids
        id as course_completion_id,
        course as course_id,
        userid as user_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timeenrolled') }} as enrolled_at,
        {{ epoch_to_timestamp('timestarted') }} as started_at,
        {{ epoch_to_timestamp('timecompleted') }} as completed_at,
        {{ epoch_to_timestamp('reaggregate') }} as reaggregate_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

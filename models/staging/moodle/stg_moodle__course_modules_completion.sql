-- One row per person and activity whose completion Moodle has recorded.
with source as (

    select * from {{ source('moodle', 'mdl_course_modules_completion') }}

),

final as (

    select
        ---------- ids
        id as activity_completion_id,
        coursemoduleid as activity_id,
        userid as user_id,
        overrideby as overridden_by_user_id,
        ---------- states
        completionstate as completion_state_code,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

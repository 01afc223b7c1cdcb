-- One row per feedback activity.
with source as (

    select * from {{ source('moodle', 'mdl_feedback') }}

),

final as (

    select
        ---------- ids
        id as feedback_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        (anonymous = 1) as is_anonymous,
        (multiple_submit = 1) as is_multiple_allowed,
        (completionsubmit = 1) as is_completed_by_answer,
        ---------- timestamps
        {{ epoch_to_timestamp('timeopen') }} as opens_at,
        {{ epoch_to_timestamp('timeclose') }} as closes_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

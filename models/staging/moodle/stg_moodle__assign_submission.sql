-- One row per assignment, person (or team) and attempt.
with source as (

    select * from {{ source('moodle', 'mdl_assign_submission') }}

),

final as (

    select
        ---------- ids
        id as assign_submission_id,
        assignment as assign_id,
        userid as user_id,
        groupid as group_id,
        ---------- states
        attemptnumber as attempt_number,
        status as submission_status,
        (latest = 1) as is_latest,
        ---------- timestamps
        {{ epoch_to_timestamp('timestarted') }} as started_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

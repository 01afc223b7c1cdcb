-- One row per attempt of a person at an H5P activity.
with source as (

    select * from {{ source('moodle', 'mdl_h5pactivity_attempts') }}

),

final as (

    select
        ---------- ids
        id as h5p_attempt_id,
        h5pactivityid as h5pactivity_id,
        userid as user_id,
        ---------- states
        attempt as attempt_number,
        (completion = 1) as is_completed,
        (success = 1) as is_success,
        ---------- amounts
        rawscore as raw_score,
        maxscore as max_score,
        scaled as score_rate,
        duration as duration_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

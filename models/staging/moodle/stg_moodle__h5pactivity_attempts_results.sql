-- One row per part (interaction) of an H5P attempt.
with source as (

    select * from {{ source('moodle', 'mdl_h5pactivity_attempts_results') }}

),

final as (

    select
        ---------- ids
        id as h5p_result_id,
        attemptid as h5p_attempt_id,
        subcontent as subcontent_id,
        ---------- states
        interactiontype as interaction_type,
        (completion = 1) as is_completed,
        (success = 1) as is_success,
        ---------- amounts
        rawscore as raw_score,
        maxscore as max_score,
        duration as duration_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

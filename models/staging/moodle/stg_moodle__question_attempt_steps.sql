-- One row per step of a question attempt: shown, saved, submitted, graded.
with source as (

    select * from {{ source('moodle', 'mdl_question_attempt_steps') }}

),

final as (

    select
        ---------- ids
        id as question_attempt_step_id,
        questionattemptid as question_attempt_id,
        userid as user_id,
        ---------- states
        sequencenumber as sequence_number,
        state as step_state,
        ---------- amounts
        fraction,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

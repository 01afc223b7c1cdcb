-- One row per attempt of a person at a quiz.
with source as (

    select * from {{ source('moodle', 'mdl_quiz_attempts') }}

),

final as (

    select
        ---------- ids
        id as attempt_id,
        quiz as quiz_id,
        uniqueid as question_usage_id,
        userid as user_id,
        ---------- states
        attempt as attempt_number,
        state as attempt_state,
        (preview = 1) as is_preview,
        currentpage as current_page,
        layout as question_layout,
        ---------- amounts
        sumgrades as raw_grade,
        ---------- timestamps
        {{ epoch_to_timestamp('timestart') }} as started_at,
        {{ epoch_to_timestamp('timefinish') }} as finished_at,
        {{ epoch_to_timestamp('timecheckstate') }} as state_check_at,
        {{ epoch_to_timestamp('timemodifiedoffline') }} as modified_offline_at,
        {{ epoch_to_timestamp('gradednotificationsenttime') }} as graded_notified_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

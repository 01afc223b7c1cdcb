-- One row per question place in a run through a set of questions.
with source as (

    select * from {{ source('moodle', 'mdl_question_attempts') }}

),

final as (

    select
        ---------- ids
        id as question_attempt_id,
        questionusageid as question_usage_id,
        questionid as question_id,
        ---------- properties
        slot,
        behaviour as question_behaviour,
        variant,
        (flagged = 1) as is_flagged,
        ---------- amounts
        maxmark as max_mark,
        minfraction as min_fraction,
        maxfraction as max_fraction,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

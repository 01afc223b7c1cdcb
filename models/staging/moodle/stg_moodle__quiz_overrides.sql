-- One row per exception made for a person or a group in a quiz.
with source as (

    select * from {{ source('moodle', 'mdl_quiz_overrides') }}

),

final as (

    select
        ---------- ids
        id as quiz_override_id,
        quiz as quiz_id,
        groupid as group_id,
        userid as user_id,
        ---------- properties
        attempts as attempts_allowed_count,
        timelimit as time_limit_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('timeopen') }} as opens_at,
        {{ epoch_to_timestamp('timeclose') }} as closes_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per named value of a step of a question attempt.
with source as (

    select * from {{ source('moodle', 'mdl_question_attempt_step_data') }}

),

final as (

    select
        ---------- ids
        id as step_data_id,
        attemptstepid as question_attempt_step_id,
        ---------- values
        name,
        value,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

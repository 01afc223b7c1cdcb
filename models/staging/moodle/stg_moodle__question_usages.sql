-- One row per run through a set of questions, e.g. a quiz attempt.
with source as (

    select * from {{ source('moodle', 'mdl_question_usages') }}

),

final as (

    select
        ---------- ids
        id as question_usage_id,
        contextid as context_id,
        ---------- properties
        component,
        preferredbehaviour as question_behaviour,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

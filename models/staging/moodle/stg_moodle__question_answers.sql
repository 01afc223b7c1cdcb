-- One row per answer laid down for a version of a question.
with source as (

    select * from {{ source('moodle', 'mdl_question_answers') }}

),

final as (

    select
        ---------- ids
        id as question_answer_id,
        question as question_id,
        ---------- amounts
        fraction,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

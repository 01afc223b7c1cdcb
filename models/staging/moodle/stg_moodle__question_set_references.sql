-- One row per use of a set of questions from which one is drawn.
with source as (

    select * from {{ source('moodle', 'mdl_question_set_references') }}

),

final as (

    select
        ---------- ids
        id as question_set_reference_id,
        usingcontextid as context_id,
        questionscontextid as questions_context_id,
        itemid as item_id,
        ---------- properties
        component,
        questionarea as question_area,
        filtercondition as filter_condition,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

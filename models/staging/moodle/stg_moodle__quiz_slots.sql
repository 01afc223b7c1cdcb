-- One row per question place (slot) of a quiz.
with source as (

    select * from {{ source('moodle', 'mdl_quiz_slots') }}

),

final as (

    select
        ---------- ids
        id as quiz_slot_id,
        quizid as quiz_id,
        quizgradeitemid as quiz_grade_item_id,
        ---------- properties
        slot,
        page as page_number,
        displaynumber as display_number,
        (requireprevious = 1) as is_previous_required,
        ---------- amounts
        maxmark as max_mark,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

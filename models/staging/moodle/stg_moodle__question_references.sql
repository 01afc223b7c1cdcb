-- One row per use of a particular question, e.g. in a quiz slot.
with source as (

    select * from {{ source('moodle', 'mdl_question_references') }}

),

final as (

    select
        ---------- ids
        id as question_reference_id,
        usingcontextid as context_id,
        itemid as item_id,
        questionbankentryid as question_bank_entry_id,
        ---------- properties
        component,
        questionarea as question_area,
        version as question_version,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

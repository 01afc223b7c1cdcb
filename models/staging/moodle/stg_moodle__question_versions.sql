-- One row per version of a question bank entry.
with source as (

    select * from {{ source('moodle', 'mdl_question_versions') }}

),

final as (

    select
        ---------- ids
        id as question_version_id,
        questionbankentryid as question_bank_entry_id,
        questionid as question_id,
        ---------- properties
        version as question_version,
        status as question_status,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

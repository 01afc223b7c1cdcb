-- One row per glossary entry.
with source as (

    select * from {{ source('moodle', 'mdl_glossary_entries') }}

),

final as (

    select
        ---------- ids
        id as glossary_entry_id,
        glossaryid as glossary_id,
        sourceglossaryid as source_glossary_id,
        userid as user_id,
        ---------- states
        (approved = 1) as is_approved,
        (teacherentry = 1) as is_by_teacher,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per glossary.
with source as (

    select * from {{ source('moodle', 'mdl_glossary') }}

),

final as (

    select
        ---------- ids
        id as glossary_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        (mainglossary = 1) as is_main,
        (globalglossary = 1) as is_global,
        (defaultapproval = 1) as is_approved_by_default,
        completionentries as required_entry_count,
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

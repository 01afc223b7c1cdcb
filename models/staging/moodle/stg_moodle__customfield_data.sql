-- One row per custom field and object (such as a course) with a value.
with source as (

    select * from {{ source('moodle', 'mdl_customfield_data') }}

),

final as (

    select
        ---------- ids
        id as customfield_value_id,
        fieldid as customfield_id,
        instanceid as object_id,
        contextid as context_id,
        ---------- values
        intvalue as integer_value,
        decvalue as decimal_value,
        charvalue as text_value,
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

-- One row per custom field.
with source as (

    select * from {{ source('moodle', 'mdl_customfield_field') }}

),

final as (

    select
        ---------- ids
        id as customfield_id,
        categoryid as customfield_category_id,
        ---------- properties
        shortname as field_short_name,
        name as field_name,
        type as field_type,
        sortorder as sort_order,
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

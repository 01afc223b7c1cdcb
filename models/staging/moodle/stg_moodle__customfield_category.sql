-- One row per heading of custom fields.
with source as (

    select * from {{ source('moodle', 'mdl_customfield_category') }}

),

final as (

    select
        ---------- ids
        id as customfield_category_id,
        contextid as context_id,
        itemid as item_id,
        ---------- properties
        name as category_name,
        component,
        area,
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

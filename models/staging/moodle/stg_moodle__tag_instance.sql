-- One row per tag and tagged object.
with source as (

    select * from {{ source('moodle', 'mdl_tag_instance') }}

),

final as (

    select
        ---------- ids
        id as tag_instance_id,
        tagid as tag_id,
        itemid as item_id,
        contextid as context_id,
        tiuserid as user_id,
        ---------- properties
        component,
        itemtype as item_type,
        ordering as sort_order,
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

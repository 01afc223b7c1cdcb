-- One row per conversation.
with source as (

    select * from {{ source('moodle', 'mdl_message_conversations') }}

),

final as (

    select
        ---------- ids
        id as conversation_id,
        contextid as context_id,
        itemid as item_id,
        ---------- properties
        type as conversation_type_code,
        component,
        itemtype as item_type,
        (enabled = 1) as is_enabled,
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

-- One row per person and conversation.
with source as (

    select * from {{ source('moodle', 'mdl_message_conversation_members') }}

),

final as (

    select
        ---------- ids
        id as conversation_member_id,
        conversationid as conversation_id,
        userid as user_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as joined_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

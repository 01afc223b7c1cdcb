-- One row per message sent.
with source as (

    select * from {{ source('moodle', 'mdl_messages') }}

),

final as (

    select
        ---------- ids
        id as message_id,
        conversationid as conversation_id,
        useridfrom as user_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as sent_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

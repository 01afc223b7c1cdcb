-- One row per notification.
with source as (

    select * from {{ source('moodle', 'mdl_notifications') }}

),

final as (

    select
        ---------- ids
        id as notification_id,
        useridto as user_id,
        useridfrom as sender_user_id,
        ---------- properties
        component,
        eventtype as notification_type,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as sent_at,
        {{ epoch_to_timestamp('timeread') }} as read_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per person, message and action.
with source as (

    select * from {{ source('moodle', 'mdl_message_user_actions') }}

),

final as (

    select
        ---------- ids
        id as message_action_id,
        messageid as message_id,
        userid as user_id,
        ---------- properties
        action as action_code,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as acted_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per person and group.
with source as (

    select * from {{ source('moodle', 'mdl_groups_members') }}

),

final as (

    select
        ---------- ids
        id as group_member_id,
        groupid as group_id,
        userid as user_id,
        itemid as item_id,
        ---------- properties
        component,
        ---------- timestamps
        {{ epoch_to_timestamp('timeadded') }} as added_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

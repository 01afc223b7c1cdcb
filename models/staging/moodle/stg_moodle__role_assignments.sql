-- One row per person, role, context and assigning component.
with source as (

    select * from {{ source('moodle', 'mdl_role_assignments') }}

),

final as (

    select
        ---------- ids
        id as role_assignment_id,
        roleid as role_id,
        contextid as context_id,
        userid as user_id,
        modifierid as modified_by_user_id,
        itemid as item_id,
        ---------- properties
        component,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per exception made for a person or a group in an assignment.
with source as (

    select * from {{ source('moodle', 'mdl_assign_overrides') }}

),

final as (

    select
        ---------- ids
        id as assign_override_id,
        assignid as assign_id,
        groupid as group_id,
        userid as user_id,
        ---------- properties
        sortorder as sort_order,
        timelimit as time_limit_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('allowsubmissionsfromdate') }} as opens_at,
        {{ epoch_to_timestamp('duedate') }} as due_at,
        {{ epoch_to_timestamp('cutoffdate') }} as closes_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

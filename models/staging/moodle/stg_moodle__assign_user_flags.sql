-- One row per assignment and person with a lock, an extension or a workflow state.
with source as (

    select * from {{ source('moodle', 'mdl_assign_user_flags') }}

),

final as (

    select
        ---------- ids
        id as assign_user_flag_id,
        assignment as assign_id,
        userid as user_id,
        allocatedmarker as allocated_marker_user_id,
        ---------- states
        workflowstate as workflow_state,
        (locked = 1) as is_locked,
        ---------- timestamps
        {{ epoch_to_timestamp('extensionduedate') }} as extension_due_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

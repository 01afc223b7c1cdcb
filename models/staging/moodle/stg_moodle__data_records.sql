-- One row per entry of a database activity.
with source as (

    select * from {{ source('moodle', 'mdl_data_records') }}

),

final as (

    select
        ---------- ids
        id as database_entry_id,
        dataid as database_id,
        groupid as group_id,
        userid as user_id,
        ---------- states
        (approved = 1) as is_approved,
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

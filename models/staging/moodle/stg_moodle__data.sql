-- One row per database activity.
with source as (

    select * from {{ source('moodle', 'mdl_data') }}

),

final as (

    select
        ---------- ids
        id as database_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        (approval = 1) as is_approval_required,
        requiredentries as required_entry_count,
        maxentries as max_entry_count,
        completionentries as completion_entry_count,
        ---------- timestamps
        {{ epoch_to_timestamp('timeavailablefrom') }} as opens_at,
        {{ epoch_to_timestamp('timeavailableto') }} as closes_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

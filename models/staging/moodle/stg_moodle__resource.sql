-- One row per file resource.
with source as (

    select * from {{ source('moodle', 'mdl_resource') }}

),

final as (

    select
        ---------- ids
        id as resource_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        display as display_code,
        revision,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

-- One row per folder resource.
with source as (

    select * from {{ source('moodle', 'mdl_folder') }}

),

final as (

    select
        ---------- ids
        id as folder_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        (display = 1) as is_inline,
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

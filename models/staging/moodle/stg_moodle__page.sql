-- One row per page resource.
with source as (

    select * from {{ source('moodle', 'mdl_page') }}

),

final as (

    select
        ---------- ids
        id as page_id,
        course as course_id,
        ---------- properties
        name as activity_name,
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

-- One row per scale.
with source as (

    select * from {{ source('moodle', 'mdl_scale') }}

),

final as (

    select
        ---------- ids
        id as scale_id,
        courseid as course_id,
        userid as created_by_user_id,
        ---------- properties
        name as scale_name,
        scale as scale_values,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

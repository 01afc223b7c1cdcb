-- One row per group of a course.
with source as (

    select * from {{ source('moodle', 'mdl_groups') }}

),

final as (

    select
        ---------- ids
        id as group_id,
        courseid as course_id,
        ---------- properties
        name as group_name,
        idnumber as external_code,
        visibility as visibility_code,
        (participation = 1) as is_participation,
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

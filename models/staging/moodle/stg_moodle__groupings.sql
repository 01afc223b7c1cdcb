-- One row per grouping of a course.
with source as (

    select * from {{ source('moodle', 'mdl_groupings') }}

),

final as (

    select
        ---------- ids
        id as grouping_id,
        courseid as course_id,
        ---------- properties
        name as grouping_name,
        idnumber as external_code,
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

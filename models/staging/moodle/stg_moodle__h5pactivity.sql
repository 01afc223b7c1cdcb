-- One row per H5P activity.
with source as (

    select * from {{ source('moodle', 'mdl_h5pactivity') }}

),

final as (

    select
        ---------- ids
        id as h5pactivity_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        grademethod as grade_method_code,
        (enabletracking = 1) as has_tracking,
        ---------- amounts
        grade as max_grade,
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

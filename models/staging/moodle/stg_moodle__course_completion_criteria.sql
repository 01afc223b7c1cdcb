-- One row per completion rule of a course.
with source as (

    select * from {{ source('moodle', 'mdl_course_completion_criteria') }}

),

final as (

    select
        ---------- ids
        id as completion_criterion_id,
        course as course_id,
        moduleinstance as activity_id,
        courseinstance as required_course_id,
        role as role_id,
        ---------- properties
        criteriatype as criterion_type_code,
        module as module_name,
        gradepass as pass_grade,
        enrolperiod as enrolment_period_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('timeend') }} as required_until_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final

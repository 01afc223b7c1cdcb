-- One row per enrolment that exists now: what a snapshot watches.
with enrolments as (

    select * from {{ ref('int_moodle__enrolments') }}

),

final as (

    select
        enrolment_id,
        student_hash,
        course_id,
        enrol_method,
        is_suspended,
        is_method_enabled,
        starts_at,
        ends_at
    from enrolments
    where not is_deleted

)

select * from final

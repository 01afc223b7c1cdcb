-- One row per person and course who is or was a student there, or has a completion record.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['student_hash', 'course_id'], 'unique': true}],
    )
}}

with enrollments as (

    select
        *,
        array_position(
            array[
                'active', 'not started', 'suspended', 'method disabled', 'ended',
                'account closed', 'unenrolled'
            ],
            status
        ) as status_rank,
        bool_and(status = 'unenrolled') over (partition by student_hash, course_id) as has_left
    from {{ ref('fact_enrollment') }}

),

student_roles as (

    select * from {{ ref('int_moodle__student_roles') }}

),

completions as (

    select * from {{ ref('int_moodle__course_completions') }}

),

-- the enrolments that exist, or of who has left for good, those that did
enrolled as (

    select
        student_hash,
        course_id,
        bool_or(is_student) as is_student,
        bool_and(has_left) as has_left,
        (array_agg(status order by status_rank))[1] as enrollment_status,
        min(enrolled_at) as enrolled_at,
        max(unenrolled_at) as unenrolled_at,
        min(first_access_at) as first_access_at,
        max(last_access_at) as last_access_at,
        max(_loaded_at) as _loaded_at
    from enrollments
    where has_left = (status = 'unenrolled')
    group by student_hash, course_id

),

classified as (

    select
        enrolled.*,
        -- leaving takes the role along, so who left is judged by the role held before
        enrolled.is_student
        or (enrolled.has_left and student_roles.student_hash is not null) as was_student
    from enrolled
    left join student_roles
        on
            enrolled.student_hash = student_roles.student_hash
            and enrolled.course_id = student_roles.course_id

),

final as (

    select
        coalesce(classified.student_hash, completions.student_hash) as student_hash,
        coalesce(classified.course_id, completions.course_id) as course_id,
        coalesce(classified.was_student, false) as is_student,
        classified.enrollment_status,
        coalesce(classified.enrolled_at, completions.enrolled_at) as enrolled_at,
        classified.unenrolled_at,
        least(classified.first_access_at, completions.started_at) as started_at,
        classified.last_access_at,
        completions.completed_at,
        completions.student_hash is not null as has_completion_row,
        coalesce(completions.is_reaggregation_pending, false) as is_reaggregation_pending,
        coalesce(completions.is_deleted, false) as is_deleted,
        greatest(classified._loaded_at, completions._loaded_at) as _loaded_at
    from classified
    full outer join completions
        on
            classified.student_hash = completions.student_hash
            and classified.course_id = completions.course_id
    where classified.was_student or completions.student_hash is not null

)

select * from final

-- One row per learner and course the learner was ever enrolled in, with the span of it.
with enrollments as (

    select * from {{ ref('fact_enrollment') }}

),

student_roles as (

    select * from {{ ref('int_moodle__student_roles') }}

),

final as (

    select
        enrollments.student_hash,
        enrollments.course_id,
        min(enrollments.enrolled_at) as first_enrolled_at,
        -- infinity: open to this day
        max(coalesce(least(enrollments.ends_at, enrollments.unenrolled_at), 'infinity'))
            as last_enrolled_at
    from enrollments
    -- also roles that were taken away: who leaves a course loses the role with it
    inner join student_roles
        on
            enrollments.student_hash = student_roles.student_hash
            and enrollments.course_id = student_roles.course_id
    group by enrollments.student_hash, enrollments.course_id

)

select * from final

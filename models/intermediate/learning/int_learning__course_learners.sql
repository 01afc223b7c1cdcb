-- One row per learner and course the learner is or was enrolled in, with the span of it.
with enrollments as (

    select * from {{ ref('fact_enrollment') }}

),

learner_courses as (

    select * from {{ ref('int_learning__learner_courses') }}
    where is_student

),

final as (

    select
        enrollments.student_hash,
        enrollments.course_id,
        min(enrollments.enrolled_at) as first_enrolled_at,
        min(greatest(enrollments.enrolled_at, enrollments.starts_at)) as first_began_at,
        -- infinity: open to this day
        max(coalesce(least(enrollments.ends_at, enrollments.unenrolled_at), 'infinity'))
            as last_enrolled_at
    from enrollments
    inner join learner_courses
        on
            enrollments.student_hash = learner_courses.student_hash
            and enrollments.course_id = learner_courses.course_id
    group by enrollments.student_hash, enrollments.course_id

)

select * from final

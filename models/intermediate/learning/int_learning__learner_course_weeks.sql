-- One row per learner, course and ISO week from the first enrolment on, with who is left out.
with weeks as (

    select * from {{ ref('int_learning__enrolled_weeks') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

completions as (

    select * from {{ ref('fact_course_completion') }}
    where completion_flag

),

final as (

    select
        weeks.student_hash,
        weeks.course_id,
        weeks.week_start_date,
        weeks.is_current_week,
        weeks.as_of_date,
        weeks.as_of,
        weeks.known_at,
        coalesce(learners.learner_key, {{ version_key('weeks.student_hash') }}) as learner_key,
        coalesce(courses.course_key, {{ version_key('weeks.course_id') }}) as course_key,
        -- nobody can be late before the course begins
        greatest(weeks.enrolment_began_at, courses.start_at) as open_since,
        case
            when courses.start_at < courses.end_at
                then least(
                    greatest(extract(epoch from weeks.as_of - courses.start_at), 0)
                    / extract(epoch from courses.end_at - courses.start_at),
                    1
                )::double precision
        end as elapsed_rate,
        case
            when coalesce(learners.is_deleted or learners.is_deleted_in_moodle, true)
                then 'account deleted'
            when learners.is_suspended then 'account suspended'
            when learners.is_test_user then 'test account'
            when learners.is_staff or learners.is_site_admin then 'staff'
            when weeks.enrolment_obstacle is not null then weeks.enrolment_obstacle
            when completions.completed_at <= weeks.as_of then 'completed'
            when courses.start_at > weeks.as_of then 'course not begun'
            -- late work and marking go on for a while
            when
                courses.end_at + interval '{{ var("at_risk_course_over_days") }} days'
                <= weeks.as_of
                then 'course over'
        end as exclusion_reason
    from weeks
    left join learners
        on
            weeks.student_hash = learners.student_hash
            and weeks.known_at >= learners.valid_from
            and weeks.known_at < learners.valid_to
    left join courses
        on
            weeks.course_id = courses.course_id
            and weeks.known_at >= courses.valid_from
            and weeks.known_at < courses.valid_to
    left join completions
        on
            weeks.student_hash = completions.student_hash
            and weeks.course_id = completions.course_id

)

select * from final

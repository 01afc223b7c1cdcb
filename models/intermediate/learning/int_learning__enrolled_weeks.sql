-- One row per learner, course and ISO week from the first enrolment on, with the state of it.
with course_learners as (

    select * from {{ ref('int_learning__course_learners') }}

),

enrollments as (

    select * from {{ ref('fact_enrollment') }}

),

versions as (

    select * from {{ ref('int_learning__enrolment_versions') }}

),

site as (

    select
        last_seen_at,
        {{ local_date('last_seen_at') }} as last_seen_date
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

weeks as (

    select
        course_learners.student_hash,
        course_learners.course_id,
        week::date as week_start_date,
        site.last_seen_date < week::date + 7 as is_current_week,
        least(week::date + 6, site.last_seen_date) as as_of_date,
        least(
            (week + interval '7 days') at time zone '{{ var("reporting_timezone") }}',
            site.last_seen_at
        ) as as_of
    from course_learners
    cross join site
    -- without a time zone: a day whose clocks skip midnight would shift all that follow
    cross join lateral generate_series(
        date_trunc('week', {{ local_date('course_learners.first_enrolled_at') }}::timestamp),
        {{ local_date('least(course_learners.last_enrolled_at, site.last_seen_at)') }}::timestamp,
        interval '7 days'
    ) as week

),

-- a load finds changes later than the last event it brings, so this week takes the latest word
looked_at as (

    select
        *,
        case when is_current_week then timestamptz '9999-01-01 00:00:00+00' else as_of end
            as known_at
    from weeks

),

stated as (

    select
        looked_at.*,
        enrollments.enrolled_at,
        greatest(enrollments.enrolled_at, enrollments.starts_at) as began_at,
        case
            when enrollments.unenrolled_at <= looked_at.known_at then 'unenrolled'
            when versions.is_suspended then 'enrolment suspended'
            when not versions.is_method_enabled then 'enrolment method disabled'
            when enrollments.starts_at > looked_at.as_of then 'enrolment not begun'
            when enrollments.ends_at <= looked_at.as_of then 'enrolment ended'
        end as obstacle
    from looked_at
    inner join enrollments
        on
            looked_at.student_hash = enrollments.student_hash
            and looked_at.course_id = enrollments.course_id
            and looked_at.as_of >= enrollments.enrolled_at
    left join versions
        on
            enrollments.enrollment_id = versions.enrollment_id
            and looked_at.known_at >= versions.valid_from
            and looked_at.known_at < versions.valid_to

),

final as (

    select
        student_hash,
        course_id,
        week_start_date,
        is_current_week,
        as_of_date,
        as_of,
        known_at,
        -- one good enrolment is enough; without any, the latest says why
        case
            when count(*) = count(obstacle) then (array_agg(obstacle order by enrolled_at desc))[1]
        end as enrolment_obstacle,
        coalesce(min(began_at) filter (where obstacle is null), min(began_at)) as enrolment_began_at
    from stated
    group by
        student_hash, course_id, week_start_date, is_current_week, as_of_date, as_of, known_at

)

select * from final

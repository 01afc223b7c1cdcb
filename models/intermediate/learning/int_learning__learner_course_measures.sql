-- One row per learner, course and ISO week of enrolment, with the measures as of its end.
with weeks as (

    select * from {{ ref('int_learning__learner_course_weeks') }}

),

changes as (

    select * from {{ ref('int_learning__learner_course_changes') }}

),

tracked_activities as (

    select * from {{ ref('int_learning__tracked_activities') }}

),

course_weeks as (

    select
        course_id,
        week_start_date,
        known_at
    from weeks
    group by course_id, week_start_date, known_at

),

tracked as (

    select
        course_weeks.course_id,
        course_weeks.week_start_date,
        count(*) as tracked_count
    from course_weeks
    inner join tracked_activities
        on
            course_weeks.course_id = tracked_activities.course_id
            and course_weeks.known_at > tracked_activities.valid_from
            and course_weeks.known_at <= tracked_activities.valid_to
    group by course_weeks.course_id, course_weeks.week_start_date

),

-- the weeks stand among the changes, so windows that end with a week need no join
timeline as (

    select
        student_hash,
        course_id,
        as_of_date as date,
        week_start_date,
        null as measure,
        null::timestamptz as last_changed_at,
        null::numeric as change
    from weeks

    union all

    select
        student_hash,
        course_id,
        change_date as date,
        null as week_start_date,
        measure,
        last_changed_at,
        change
    from changes

),

windows as (

    select
        student_hash,
        course_id,
        week_start_date,
        sum(change) filter (where measure = 'completed') over to_date as completed_count,
        sum(change) filter (where measure = 'grades') over to_date as grade_points,
        sum(change) filter (where measure = 'graded') over to_date as graded_count,
        sum(change) filter (where measure = 'missed') over to_date as missed_deadlines,
        max(last_changed_at) filter (where measure = 'time spent') over to_date as last_access_at,
        count(*) filter (where measure = 'time spent') over to_date as days_to_date,
        sum(change) filter (where measure = 'time spent') over to_date as seconds_to_date,
        count(*) filter (where measure = 'time spent') over last_7 as days_last_7,
        sum(change) filter (where measure = 'time spent') over last_7 as seconds_last_7,
        sum(change) filter (where measure = 'time spent') over previous_7 as seconds_previous_7,
        sum(change) filter (where measure = 'time spent') over previous_14 as seconds_previous_14
    from timeline
    window
        to_date as (
            partition by student_hash, course_id order by date
            range between unbounded preceding and current row
        ),
        last_7 as (
            partition by student_hash, course_id order by date
            range between interval '6 days' preceding and current row
        ),
        previous_7 as (
            partition by student_hash, course_id order by date
            range between interval '13 days' preceding and interval '7 days' preceding
        ),
        previous_14 as (
            partition by student_hash, course_id order by date
            range between interval '20 days' preceding and interval '7 days' preceding
        )

),

final as (

    select
        weeks.student_hash,
        weeks.course_id,
        weeks.week_start_date,
        weeks.is_current_week,
        weeks.as_of_date,
        weeks.as_of,
        weeks.learner_key,
        weeks.course_key,
        weeks.open_since,
        weeks.elapsed_rate,
        weeks.exclusion_reason,
        tracked.tracked_count,
        windows.last_access_at,
        windows.days_to_date,
        windows.days_last_7,
        coalesce(windows.completed_count, 0) as completed_count,
        windows.grade_points,
        windows.graded_count,
        coalesce(windows.missed_deadlines, 0) as missed_deadlines,
        coalesce(windows.seconds_to_date, 0) as seconds_to_date,
        coalesce(windows.seconds_last_7, 0) as seconds_last_7,
        coalesce(windows.seconds_previous_7, 0) as seconds_previous_7,
        coalesce(windows.seconds_previous_14, 0) as seconds_previous_14
    from weeks
    inner join windows
        on
            weeks.student_hash = windows.student_hash
            and weeks.course_id = windows.course_id
            and weeks.week_start_date = windows.week_start_date
    left join tracked
        on weeks.course_id = tracked.course_id and weeks.week_start_date = tracked.week_start_date

)

select * from final

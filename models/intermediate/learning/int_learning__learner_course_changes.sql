-- One row per learner, course, measure and day of change: running sums give the state on a day.
with course_learners as (

    select * from {{ ref('int_learning__course_learners') }}

),

days as (

    select * from {{ ref('int_learning__learner_course_days') }}
    where engagement_events_count > 0

),

progress as (

    select * from {{ ref('int_learning__progress_changes') }}

),

grades as (

    select
        *,
        case when change_type <> 'delete' and not is_excluded then grade_pct end as counted_pct
    from {{ ref('fact_grade') }}
    -- totals are made of the others; of a grade gone without a trace nobody knows when it went
    where activity_id is not null and not (is_deleted and change_type = 'current')

),

deadlines as (

    select * from {{ ref('int_learning__deadlines') }}
    where missed_at is not null

),

site as (

    select {{ local_date('last_seen_at') }} as last_seen_date
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

study as (

    select
        days.student_hash,
        days.course_id,
        'time spent' as measure,
        days.last_event_at as changed_at,
        days.dwell_seconds as change
    from days
    inner join course_learners
        on
            days.student_hash = course_learners.student_hash
            and days.course_id = course_learners.course_id
            and days.last_event_at >= course_learners.first_enrolled_at

),

regraded as (

    select
        student_hash,
        course_id,
        graded_at,
        counted_pct,
        lag(counted_pct) over (partition by student_hash, grade_item_id order by change_no)
            as previous_pct
    from grades

),

standing as (

    select
        regraded.student_hash,
        regraded.course_id,
        moved.measure,
        regraded.graded_at as changed_at,
        moved.change
    from regraded
    cross join lateral (
        values
        ('grades', coalesce(regraded.counted_pct, 0) - coalesce(regraded.previous_pct, 0)),
        ('graded', num_nonnulls(regraded.counted_pct) - num_nonnulls(regraded.previous_pct))
    ) as moved (measure, change)

),

misses as (

    select
        deadlines.student_hash,
        deadlines.course_id,
        'missed' as measure,
        moved.changed_at,
        moved.change
    from deadlines
    cross join lateral (
        values
        (deadlines.missed_at, 1),
        (deadlines.done_at, -1)
    ) as moved (changed_at, change)

),

changes as (

    select * from study
    union all
    select
        student_hash,
        course_id,
        'completed' as measure,
        changed_at,
        change
    from progress
    union all
    select * from standing
    union all
    select * from misses

),

final as (

    select
        changes.student_hash,
        changes.course_id,
        changes.measure,
        -- what the latest load changed is so on the last day known
        least({{ local_date('changes.changed_at') }}, site.last_seen_date) as change_date,
        trim_scale(sum(changes.change)) as change,
        max(changes.changed_at) as last_changed_at
    from changes
    cross join site
    where changes.changed_at is not null
    group by
        changes.student_hash,
        changes.course_id,
        changes.measure,
        least({{ local_date('changes.changed_at') }}, site.last_seen_date)

)

select * from final

-- Do learners who spend more time in their first 7 days complete more often and with better grades?
with learners as (

    select * from {{ ref('dim_learner') }}
    where is_current and not is_deleted and not is_suspended and not is_test_user

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current

),

days as (

    select * from {{ ref('int_learning__learner_course_days') }}

),

-- the first week begins with the first access, must be over, and must leave something to predict
starters as (

    select
        students.student_hash,
        students.course_id,
        students.completion_flag,
        students.final_grade_pct,
        {{ local_date('students.started_at') }} as first_date
    from {{ ref('fact_course_completion') }} as students
    inner join learners on students.student_hash = learners.student_hash
    cross join {{ ref('site_summary') }} as site
    where
        students.is_student
        and {{ local_date('students.started_at') }} + 7 <= {{ local_date('site.as_of') }}
        and (
            not students.completion_flag
            or {{ local_date('students.completed_at') }}
            >= {{ local_date('students.started_at') }} + 7
        )

),

first_weeks as (

    select
        starters.student_hash,
        starters.course_id,
        starters.completion_flag,
        starters.final_grade_pct,
        coalesce(sum(days.dwell_seconds), 0) as seconds,
        count(*) filter (where days.engagement_events_count > 0) as active_days
    from starters
    left join days
        on
            starters.student_hash = days.student_hash
            and starters.course_id = days.course_id
            and starters.first_date <= days.activity_date
            and starters.first_date + 7 > days.activity_date
    group by
        starters.student_hash,
        starters.course_id,
        starters.completion_flag,
        starters.final_grade_pct

),

-- quarters of each course, so that no course with more to do decides who is on top
quartiles as (

    select
        *,
        ntile(4) over (partition by course_id order by seconds, student_hash) as quartile
    from first_weeks

),

grouped as (

    select
        course_id,
        quartile,
        count(*) as learners_count,
        min(seconds) as least_seconds,
        max(seconds) as most_seconds,
        avg(active_days) as active_days,
        count(*) filter (where completion_flag) as completed_count,
        count(final_grade_pct) as graded_count,
        avg(final_grade_pct) as mean_final_grade_pct
    from quartiles
    group by grouping sets ((course_id, quartile), (quartile))

),

final as (

    select
        grouped.course_id,
        coalesce(courses.shortname, 'all courses') as shortname,
        grouped.quartile,
        grouped.learners_count,
        grouped.least_seconds,
        grouped.most_seconds,
        round(grouped.active_days, 1) as mean_active_days,
        grouped.completed_count,
        round(grouped.completed_count::numeric / grouped.learners_count, 4) as completion_rate,
        grouped.graded_count,
        round(grouped.mean_final_grade_pct, 2) as mean_final_grade_pct,
        round(
            grouped.mean_final_grade_pct - first_value(grouped.mean_final_grade_pct) over (
                partition by grouped.course_id
                order by grouped.quartile
            ), 2
        ) as grade_above_lowest_quartile,
        grouped.learners_count < {{ var('min_cohort_size') }} as is_small
    from grouped
    left join courses on grouped.course_id = courses.course_id
    order by grouped.course_id nulls first, grouped.quartile

)

select * from final

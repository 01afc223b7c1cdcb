-- One row per person, subject and ISO week with time spent, a completed activity or a grade.
{{
    config(
        indexes=[{'columns': ['student_hash', 'subject', 'week_start'], 'unique': true}],
        meta={
            'grain': ['student_hash', 'subject', 'week_start'],
            'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

with progress as (

    select * from {{ ref('int_learning__progress_days') }}
    -- pages outside any course teach no subject, lessons of the application name theirs
    where course_id <> 0 or subject is not null

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current

),

categories as (

    select * from {{ ref('dim_course_category') }}
    where is_current

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}
    where is_current

),

weeks as (

    select
        progress.student_hash,
        coalesce(categories.name, progress.subject, 'Unknown') as subject,
        date_trunc('week', progress.date::timestamp)::date as week_start,
        sum(progress.dwell_seconds) as dwell_seconds,
        sum(progress.completions_count) as completions_count,
        sum(progress.grades_count) as grades_count,
        sum(progress.grade_pct_sum) as grade_pct_sum
    from progress
    left join courses on progress.course_id = courses.course_id
    left join categories on courses.category_id = categories.category_id
    group by
        progress.student_hash,
        coalesce(categories.name, progress.subject, 'Unknown'),
        week_start

),

final as (

    select
        ---------- promised columns, in the promised order
        weeks.student_hash,
        weeks.subject,
        weeks.week_start,
        weeks.completions_count::integer as lessons_completed,
        round(weeks.dwell_seconds / 60.0, 2)::numeric(10, 2) as time_spent_minutes,
        (weeks.grade_pct_sum / nullif(weeks.grades_count, 0))::numeric(7, 2) as average_score,

        ---------- more
        {{ surrogate_key(['weeks.student_hash', 'weeks.subject', 'weeks.week_start']) }}
            as learning_progress_key,
        coalesce(learners.learner_key, {{ version_key('weeks.student_hash') }}) as learner_key,
        {{ date_key('weeks.week_start') }} as date_key,
        '{{ var("tot_strategy") }}'::text as tot_strategy
    from weeks
    left join learners on weeks.student_hash = learners.student_hash

)

select * from final

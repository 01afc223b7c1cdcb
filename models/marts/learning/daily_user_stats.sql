-- One row per person and day with time spent, a completed activity or a grade, and the day's rank.
{{
    config(
        indexes=[{'columns': ['date', 'student_hash'], 'unique': true}],
        meta={
            'grain': ['date', 'student_hash'], 'owner': 'data-team', 'kind': 'aggregate',
        },
    )
}}

with progress as (

    select * from {{ ref('int_learning__progress_days') }}

),

learners as (

    select * from {{ ref('dim_learner') }}
    where is_current

),

days as (

    select
        date,
        student_hash,
        round(sum(dwell_seconds) / 60.0, 2)::numeric(10, 2) as total_time,
        sum(completions_count)::integer as lessons_completed,
        (sum(grade_pct_sum) / nullif(sum(grades_count), 0))::numeric(7, 2) as average_score
    from progress
    group by date, student_hash

),

rankable as (

    select
        days.*,
        learners.learner_key,
        coalesce(
            not learners.is_staff
            and not learners.is_test_user
            and not coalesce(learners.is_minor, false),
            false
        ) as is_rankable
    from days
    left join learners on days.student_hash = learners.student_hash

),

final as (

    select
        ---------- promised columns
        date,
        student_hash,
        total_time,
        lessons_completed,
        average_score,
        case
            when is_rankable then dense_rank() over ranking
        end::integer as daily_rank,

        ---------- more of the rank
        case
            when is_rankable then percent_rank() over ranking
        end::numeric(5, 4) as daily_percent_rank,
        is_rankable,

        ---------- keys
        {{ surrogate_key(['date', 'student_hash']) }} as daily_user_stats_key,
        {{ date_key('date') }} as date_key,
        coalesce(learner_key, {{ version_key('student_hash') }}) as learner_key,
        '{{ var("tot_strategy") }}'::text as tot_strategy
    from rankable
    window ranking as (partition by date, is_rankable order by total_time desc)

)

select * from final

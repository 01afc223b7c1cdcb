-- Who learns regularly: how many days and weeks in a row was every learner active?
with learners as (

    select * from {{ ref('dim_learner') }}
    where is_current and is_student and not is_staff and not is_test_user

),

days as (

    select
        days.student_hash,
        days.date
    from {{ ref('student_daily_activity') }} as days
    inner join learners on days.student_hash = learners.student_hash
    where days.engagement_events_count > 0

),

-- days and ISO weeks as running numbers; 1970-01-05 was a Monday
numbered as (

    select
        'day' as unit,
        student_hash,
        date - date '1970-01-05' as period
    from days

    union all

    select
        'week' as unit,
        student_hash,
        (date - date '1970-01-05') / 7 as period
    from days
    group by student_hash, period

),

today as (

    select
        'day' as unit,
        {{ local_date('as_of') }} - date '1970-01-05' as period
    from {{ ref('site_summary') }}

    union all

    select
        'week' as unit,
        ({{ local_date('as_of') }} - date '1970-01-05') / 7 as period
    from {{ ref('site_summary') }}

),

-- within a streak the number grows as fast as the row number, so their difference names it
islands as (

    select
        unit,
        student_hash,
        period,
        period - row_number() over (partition by unit, student_hash order by period) as island
    from numbered

),

streaks as (

    select
        unit,
        student_hash,
        count(*) as length,
        max(period) as last_period
    from islands
    group by unit, student_hash, island

),

-- a streak lasts until a whole period went by without activity: today is not over yet
longest as (

    select
        streaks.student_hash,
        streaks.unit,
        sum(streaks.length) as active_count,
        max(streaks.length) as longest,
        (array_agg(streaks.last_period order by streaks.length desc, streaks.last_period desc))[1]
            as longest_ended,
        coalesce(
            max(streaks.length) filter (where streaks.last_period >= today.period - 1), 0
        ) as ongoing
    from streaks
    inner join today on streaks.unit = today.unit
    group by streaks.student_hash, streaks.unit

),

final as (

    select
        by_day.student_hash,
        by_day.active_count as active_days,
        by_day.longest as longest_streak_days,
        date '1970-01-05' + (by_day.longest_ended - by_day.longest + 1)::integer
            as longest_streak_start_date,
        date '1970-01-05' + by_day.longest_ended as longest_streak_end_date,
        by_day.ongoing as current_streak_days,
        by_week.active_count as active_weeks,
        by_week.longest as longest_streak_weeks,
        by_week.ongoing as current_streak_weeks,
        rank() over (order by by_week.longest desc, by_day.longest desc) as regularity_rank
    from longest as by_day
    inner join longest as by_week
        on by_day.student_hash = by_week.student_hash and by_week.unit = 'week'
    where by_day.unit = 'day'
    order by regularity_rank, by_day.student_hash

)

select * from final

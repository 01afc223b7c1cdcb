-- One row per cohort of learners, age in periods and definition of retention.
{{
    config(
        meta={
            'grain': ['cohort_type', 'cohort_start_date', 'age', 'definition'],
            'owner': 'data-team',
        },
    )
}}

with members as (

    select * from {{ ref('int_learning__cohort_members') }}

),

visits as (

    select * from {{ ref('int_learning__cohort_visits') }}

),

site as (

    select last_seen_at from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

cohorts as (

    select
        cohort_type,
        period_unit,
        cohort_start_date,
        count(*) as cohort_size
    from members
    group by cohort_type, period_unit, cohort_start_date

),

periods as (

    select
        cohorts.*,
        period.starts_at::date as period_start_date,
        period.ordinal - 1 as age,
        (period.starts_at + ('1 ' || cohorts.period_unit)::interval)
        at time zone '{{ var("reporting_timezone") }}' <= site.last_seen_at as is_complete
    from cohorts
    cross join site
    -- without a time zone: a day whose clocks skip midnight would shift all that follow
    cross join lateral generate_series(
        cohorts.cohort_start_date::timestamp,
        {{ local_date('site.last_seen_at') }}::timestamp,
        ('1 ' || cohorts.period_unit)::interval
    ) with ordinality as period (starts_at, ordinal)

),

counted as (

    select
        periods.cohort_type,
        periods.period_unit,
        periods.cohort_start_date,
        periods.cohort_size,
        periods.period_start_date,
        periods.age,
        periods.is_complete,
        count(visits.student_hash) as active_count,
        count(*) filter (where visits.is_last) as last_count,
        count(*) filter (where visits.is_return) as return_count
    from periods
    left join visits
        on
            periods.cohort_type = visits.cohort_type
            and periods.cohort_start_date = visits.cohort_start_date
            and periods.period_start_date = visits.period_start_date
    group by
        periods.cohort_type,
        periods.period_unit,
        periods.cohort_start_date,
        periods.cohort_size,
        periods.period_start_date,
        periods.age,
        periods.is_complete

),

retained as (

    select
        *,
        sum(last_count) over (
            cohort order by age rows between current row and unbounded following
        ) as still_count,
        case when age = 0 then active_count else sum(return_count) over (cohort order by age) end
            as returned_count
    from counted
    window cohort as (partition by cohort_type, cohort_start_date)

),

final as (

    select
        {{ surrogate_key([
            'cohort_type', date_key('cohort_start_date'), 'age', 'defined.definition',
        ]) }} as retention_cohort_key,
        {{ date_key('cohort_start_date') }} as date_key,
        retained.cohort_type,
        retained.period_unit,
        retained.cohort_start_date,
        retained.age::integer as age,
        retained.period_start_date,
        defined.definition,
        retained.cohort_size::integer as cohort_size,
        defined.retained_count::integer as retained_count,
        round(defined.retained_count::numeric / retained.cohort_size, 4)::numeric(5, 4)
            as retention_rate,
        retained.is_complete,
        retained.cohort_size < {{ var('min_cohort_size') }} as is_small
    from retained
    cross join lateral (
        values
        ('classic', retained.active_count),
        ('rolling', retained.still_count),
        ('bracket', retained.returned_count)
    ) as defined (definition, retained_count)

)

select * from final

-- One row per course, month of enrolment and denominator with anybody in it.
{{
    config(
        meta={
            'grain': ['course_id', 'cohort_month', 'denominator'],
            'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

{%- set denominators = {
    'enrolled': 'true',
    'started': 'is_started',
    'started and ended': 'is_started and has_ended',
} %}

with completions as (

    select * from {{ ref('fact_course_completion') }}
    where is_student and has_open_account

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current

),

site as (

    select last_seen_at as as_of from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

eligible as (

    select
        completions.course_id,
        date_trunc('month', {{ local_date('completions.enrolled_at') }})::date as cohort_month,
        completions.is_started,
        completions.completion_flag,
        completions.days_to_complete,
        coalesce(courses.end_at <= site.as_of, false) as has_ended
    from completions
    inner join site
        on
            completions.enrolled_at
            <= site.as_of - interval '{{ var("completion_min_days_enrolled") }} days'
    left join courses on completions.course_id = courses.course_id

),

counted as (

    {% for denominator, condition in denominators.items() %}
        select
            course_id,
            cohort_month,
            '{{ denominator }}' as denominator,
            bool_and(has_ended) as is_complete,
            count(*) as eligible_count,
            count(*) filter (where completion_flag) as completed_count,
            percentile_cont(0.5) within group (order by days_to_complete)
                as median_days_to_complete
        from eligible
        where {{ condition }}
        group by course_id, cohort_month
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        course_id,
        cohort_month,
        denominator,
        eligible_count::integer as eligible_count,
        completed_count::integer as completed_count,
        (completed_count::numeric / nullif(eligible_count, 0))::numeric(7, 6) as completion_rate,
        median_days_to_complete::numeric(10, 1) as median_days_to_complete,
        is_complete,
        eligible_count < {{ var("min_cohort_size") }} as is_small
    from counted

)

select * from final

-- One row per course and step on the way from enrolment to a passed course.
{{
    config(
        meta={
            'grain': ['course_id', 'step_no'], 'owner': 'data-team', 'kind': 'aggregate',
        },
    )
}}

{#- A later step of progress implies the earlier ones, as completing does; passing counts among
    those who completed. So nobody reaches a step without the one before. The third column says
    whether a course knows the step at all. -#}
{%- set steps = [
    ('enrolled', 'true', 'true'),
    ('accessed', 'is_started', 'true'),
    ('25 % progress', 'progress_pct >= 25 or completion_flag', 'count(progress_pct) > 0'),
    ('50 % progress', 'progress_pct >= 50 or completion_flag', 'count(progress_pct) > 0'),
    ('75 % progress', 'progress_pct >= 75 or completion_flag', 'count(progress_pct) > 0'),
    ('completed', 'completion_flag', 'bool_or(has_completion_row)'),
    ('passed', 'completion_flag and passed', 'bool_or(has_completion_row) and count(passed) > 0'),
] %}

with learners as (

    select * from {{ ref('fact_course_completion') }}
    where is_student and has_open_account

),

counted as (

    {% for step, reached, known in steps %}
        select
            course_id,
            {{ loop.index }} as step_no,
            '{{ step }}' as step,
            count(*) filter (where {{ reached }}) as learners_count
        from learners
        group by course_id
        having {{ known }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        course_id,
        step_no,
        step,
        learners_count::integer as learners_count,
        (learners_count::numeric / nullif(lag(learners_count) over steps, 0))::numeric(7, 6)
            as step_rate,
        (learners_count::numeric / first_value(learners_count) over steps)::numeric(7, 6)
            as overall_rate,
        first_value(learners_count) over steps < {{ var("min_cohort_size") }} as is_small
    from counted
    window steps as (partition by course_id order by step_no)

)

select * from final

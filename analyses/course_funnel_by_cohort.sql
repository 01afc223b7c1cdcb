-- How far do the learners of a course and enrolment month come, and how long does each step take?
{%- set steps = [
    ('enrolled', 'enrolled_at', 'true'),
    ('accessed', 'accessed_at', 'true'),
    ('25 % progress', 'reached_25_at', 'tracked_activities_count is not null'),
    ('50 % progress', 'reached_50_at', 'tracked_activities_count is not null'),
    ('75 % progress', 'reached_75_at', 'tracked_activities_count is not null'),
    ('completed', 'finished_at', 'knows_completion'),
] %}

with learners as (

    select * from {{ ref('dim_learner') }}
    where is_current and not is_deleted and not is_suspended and not is_test_user

),

students as (

    select
        completions.*,
        date_trunc('month', {{ local_date('completions.enrolled_at') }})::date as cohort_month,
        bool_or(completions.has_completion_row) over (partition by completions.course_id)
            as knows_completion
    from {{ ref('fact_course_completion') }} as completions
    inner join learners on completions.student_hash = learners.student_hash
    where completions.is_student

),

-- of the activities that progress is made of, see int_learning__course_progress
done as (

    select
        completions.student_hash,
        completions.course_id,
        completions.completed_at,
        row_number() over (
            partition by completions.student_hash, completions.course_id
            order by completions.completed_at
        ) as done_count
    from {{ ref('fact_activity_completion') }} as completions
    inner join {{ ref('dim_activity') }} as activities
        on completions.activity_id = activities.activity_id and activities.is_current
    where
        completions.is_completed
        and not activities.is_deleted
        and activities.is_visible
        and not activities.is_restricted
        and activities.completion_rule in ('manual', 'automatic')

),

milestones as (

    select
        students.completion_key,
        min(done.completed_at) as first_done_at,
        {% for pct in [25, 50, 75] -%}
            min(done.completed_at) filter (
                where 100 * done.done_count >= {{ pct }} * students.tracked_activities_count
            ) as reached_{{ pct }}_at,
        {% endfor -%}
        min(students.completed_at) filter (where students.completion_flag) as finished_at
    from students
    left join done
        on students.student_hash = done.student_hash and students.course_id = done.course_id
    group by students.completion_key

),

reached as (

    select
        students.*,
        milestones.reached_25_at,
        milestones.reached_50_at,
        milestones.reached_75_at,
        milestones.finished_at,
        coalesce(students.started_at, milestones.first_done_at) as accessed_at
    from students
    inner join milestones on students.completion_key = milestones.completion_key

),

steps as (

    {% for step, reached_at, is_known in steps %}
        select
            *,
            {{ loop.index }} as step_no,
            '{{ step }}' as step,
            {{ reached_at }} as reached_at
        from reached
        where {{ is_known }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- who came further came as far, even where the moment is not known
timed as (

    select
        course_id,
        cohort_month,
        step_no,
        step,
        count(reached_at) over further > 0 as is_reached,
        reached_at - lag(reached_at) over path as since_last_step,
        reached_at - enrolled_at as since_enrolment
    from steps
    window
        path as (partition by student_hash, course_id order by step_no),
        further as (
            partition by student_hash, course_id
            order by step_no
            rows between current row and unbounded following
        )

),

-- Moodle's criteria may be met before 75 %: a step taken out of turn is counted but not timed
counted as (

    select
        course_id,
        cohort_month,
        step_no,
        step,
        count(*) filter (where is_reached) as learners_count,
        count(since_last_step) filter (where since_last_step >= interval '0') as timed_count,
        percentile_cont(array[0.5, 0.9]) within group (
            order by extract(epoch from since_last_step) / 86400
        ) filter (where since_last_step >= interval '0') as step_days,
        percentile_cont(0.5) within group (order by extract(epoch from since_enrolment) / 86400)
        filter (where since_enrolment >= interval '0') as days
    from timed
    group by course_id, cohort_month, step_no, step

),

final as (

    select
        course_id,
        cohort_month,
        step_no,
        step,
        learners_count,
        round(learners_count::numeric / nullif(lag(learners_count) over cohort, 0), 4)
            as step_rate,
        round(learners_count::numeric / first_value(learners_count) over cohort, 4)
            as overall_rate,
        timed_count,
        step_days[1]::numeric(10, 1) as median_days_since_last_step,
        step_days[2]::numeric(10, 1) as p90_days_since_last_step,
        days::numeric(10, 1) as median_days_since_enrolment,
        first_value(learners_count) over cohort < {{ var('min_cohort_size') }} as is_small
    from counted
    window cohort as (partition by course_id, cohort_month order by step_no)
    order by course_id, cohort_month, step_no

)

select * from final

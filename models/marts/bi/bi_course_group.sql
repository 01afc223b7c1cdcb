-- One row per course and set of its learners: all, each group, and those in no group.
{{
    config(
        materialized='table',
        meta={'grain': ['course_group_key'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with completions as (

    select * from {{ ref('bi_course_completion') }}

),

memberships as (

    select * from {{ ref('bridge_learner_group') }}
    where is_current

),

placed as (

    select
        completions.*,
        'course' as learner_set,
        null::bigint as group_id,
        'all learners' as group_name
    from completions

    union all

    select
        completions.*,
        case when memberships.group_id is null then 'no group' else 'group' end as learner_set,
        memberships.group_id,
        coalesce(memberships.group_name, 'no group') as group_name
    from completions
    left join memberships
        on
            completions.student_hash = memberships.student_hash
            and completions.course_id = memberships.course_id

),

counted as (

    select
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        learner_set,
        group_id,
        group_name,
        count(*)::integer as learners_count,
        count(*) filter (where is_started)::integer as started_count,
        count(*) filter (where learning_state = 'completed')::integer as completed_count,
        count(*) filter (where learning_state = 'under way')::integer as under_way_count,
        count(*) filter (where learning_state = 'left')::integer as left_count,
        count(*) filter (where learning_state = 'never started')::integer as never_started_count,
        avg(progress_pct)::numeric(7, 4) as average_progress_pct,
        avg(final_grade_pct)::numeric(20, 7) as average_grade_pct,
        percentile_cont(0.5) within group (order by days_to_complete)::numeric(10, 1)
            as median_days_to_complete
    from placed
    group by
        course_id, course_name, course_code, category_name, top_category_name, learner_set,
        group_id, group_name

),

-- the course is the sum of its groups: one hidden group alone could be computed from the others
ranked as (

    select
        *,
        learners_count < {{ var('min_cohort_size') }} as is_small,
        count(*) filter (where learners_count < {{ var('min_cohort_size') }}) over parts
            as small_count,
        row_number() over (
            partition by
                course_id, learner_set = 'course', learners_count < {{ var('min_cohort_size') }}
            order by learners_count, group_id
        ) as position
    from counted
    window parts as (partition by course_id, learner_set = 'course')

),

final as (

    select
        {{ surrogate_key(['course_id', 'learner_set', 'group_id']) }} as course_group_key,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        learner_set,
        group_id,
        group_name,
        learners_count,
        started_count,
        completed_count,
        under_way_count,
        left_count,
        never_started_count,
        average_progress_pct,
        average_grade_pct,
        median_days_to_complete,
        is_small,
        is_small or (small_count = 1 and position = 1) as is_withheld
    from ranked

)

select * from final

-- Nobody reaches a step of the funnel without the one before.
with steps as (

    select
        course_id,
        step,
        learners_count,
        lag(learners_count) over (partition by course_id order by step_no) as learners_before
    from {{ ref('course_funnel') }}

)

select
    course_id,
    step,
    learners_count,
    learners_before
from steps
where learners_count > learners_before

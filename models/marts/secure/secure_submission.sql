-- One row per latest hand-in of a learner at an assignment the viewer of this session may see.
{{ config(meta={'grain': ['submission_id'], 'owner': 'data-team'}) }}

with submissions as (

    select * from {{ ref('bi_submission') }}

),

final as (

    select
        submission_id,
        student_hash,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        group_names,
        assignment_name,
        submitted_at,
        due_at,
        is_late,
        lateness_hours,
        graded_at,
        turnaround_hours,
        grade_pct,
        is_awaiting_mark
    from submissions
    where {{ viewer_sees('submissions.course_id', student_hash='submissions.student_hash') }}

)

select * from final

-- One row per latest hand-in of a learner at an assignment, with the names people filter by.
{{ config(materialized='view', meta={'grain': ['submission_id'], 'owner': 'data-team'}) }}

with submissions as (

    select * from {{ ref('fact_assignment_submission') }}
    where is_latest and is_submitted and not is_deleted

),

activities as (

    select * from {{ ref('dim_activity') }}
    where is_current

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

group_names as (

    select * from {{ ref('int_learning__group_names') }}

),

final as (

    select
        submissions.submission_id,
        submissions.student_hash,
        submissions.course_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        coalesce(group_names.group_names, 'no group') as group_names,
        coalesce(activities.name, 'assignment ' || submissions.assign_id) as assignment_name,
        submissions.submitted_at,
        submissions.due_at,
        submissions.is_late,
        submissions.lateness_hours,
        submissions.graded_at,
        submissions.turnaround_hours,
        submissions.grade_pct,
        submissions.is_awaiting_mark
    from submissions
    inner join course_names on submissions.course_id = course_names.course_id
    left join activities on submissions.activity_id = activities.activity_id
    left join group_names
        on
            submissions.student_hash = group_names.student_hash
            and submissions.course_id = group_names.course_id

)

select * from final

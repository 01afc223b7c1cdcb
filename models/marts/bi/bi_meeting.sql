-- One row per meeting, with the course people know it by and who of it came.
{{ config(materialized='view', meta={'grain': ['meeting_id'], 'owner': 'data-team'}) }}

with meetings as (

    select * from {{ ref('fact_meeting') }}

),

participations as (

    select * from {{ ref('fact_meeting_participation') }}

),

learners as (

    select * from {{ ref('fact_course_completion') }}
    where is_student and has_open_account

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

attended as (

    select distinct
        meeting_id,
        student_hash
    from participations

),

-- who was enrolled by then
expected as (

    select
        meetings.meeting_id,
        attended.student_hash is not null as has_come
    from meetings
    inner join learners
        on
            meetings.course_id = learners.course_id
            and meetings.created_at >= learners.enrolled_at
    left join attended
        on
            meetings.meeting_id = attended.meeting_id
            and learners.student_hash = attended.student_hash

),

attendances as (

    select
        meeting_id,
        count(*)::integer as expected_count,
        (count(*) filter (where has_come))::integer as attended_count
    from expected
    group by meeting_id

),

final as (

    select
        meetings.meeting_id,
        meetings.course_id,
        coalesce(course_names.course_name, 'no course') as course_name,
        coalesce(course_names.course_code, 'no course') as course_code,
        coalesce(course_names.category_name, 'no category') as category_name,
        coalesce(course_names.top_category_name, 'no category') as top_category_name,
        meetings.created_at,
        meetings.ended_at,
        meetings.is_imputed,
        meetings.duration_minutes,
        meetings.unique_participants,
        meetings.peak_participants,
        meetings.attended_seconds,
        coalesce(attendances.expected_count, 0) as expected_count,
        coalesce(attendances.attended_count, 0) as attended_count
    from meetings
    left join course_names on meetings.course_id = course_names.course_id
    left join attendances on meetings.meeting_id = attendances.meeting_id

)

select * from final

-- One row per participant of a meeting: how much of it the person attended, with names.
{{
    config(
        materialized='view', meta={'grain': ['meeting_id', 'student_hash'], 'owner': 'data-team'},
    )
}}

with participations as (

    select * from {{ ref('fact_meeting_participation') }}

),

meetings as (

    select * from {{ ref('bi_meeting') }}

),

group_names as (

    select * from {{ ref('int_learning__group_names') }}

),

attendances as (

    select
        meeting_id,
        student_hash,
        min(joined_at) as joined_at,
        count(*)::integer as visits_count,
        sum(attended_seconds)::bigint as attended_seconds,
        -- visits may overlap the end by a rounded second
        least(sum(attendance_pct), 100)::numeric(5, 2) as attendance_pct
    from participations
    group by meeting_id, student_hash

),

final as (

    select
        attendances.meeting_id,
        attendances.student_hash,
        {{ learner_code('attendances.student_hash') }} as learner_code,
        meetings.course_id,
        meetings.course_name,
        meetings.course_code,
        meetings.category_name,
        meetings.top_category_name,
        coalesce(group_names.group_names, 'no group') as group_names,
        meetings.created_at,
        attendances.joined_at,
        attendances.visits_count,
        attendances.attended_seconds,
        attendances.attendance_pct,
        (extract(epoch from attendances.joined_at - meetings.created_at) / 60)::numeric(12, 1)
            as minutes_late
    from attendances
    inner join meetings on attendances.meeting_id = meetings.meeting_id
    left join group_names
        on
            attendances.student_hash = group_names.student_hash
            and meetings.course_id = group_names.course_id

)

select * from final

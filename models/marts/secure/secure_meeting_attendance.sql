-- One row per meeting and participant the viewer of this session may see.
{{ config(meta={'grain': ['meeting_id', 'student_hash'], 'owner': 'data-team'}) }}

with attendances as (

    select * from {{ ref('bi_meeting_attendance') }}

),

final as (

    select
        meeting_id,
        student_hash,
        learner_code,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        group_names,
        created_at,
        joined_at,
        visits_count,
        attended_seconds,
        attendance_pct,
        minutes_late
    from attendances
    where {{ viewer_sees('attendances.course_id', student_hash='attendances.student_hash') }}

)

select * from final

-- One row per learner, course and ISO week of enrolment the viewer of this session may see.
{{
    config(
        meta={'grain': ['student_hash', 'course_id', 'week_start_date'], 'owner': 'data-team'},
    )
}}

with weeks as (

    select * from {{ ref('bi_learner_course_week') }}

),

final as (

    select *
    from weeks
    where {{ viewer_sees('weeks.course_id', student_hash='weeks.student_hash') }}

)

select * from final

-- One row per learner and course somebody should look at the viewer of this session may see.
{{ config(meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'}) }}

with learners as (

    select * from {{ ref('bi_at_risk_learner') }}

),

final as (

    select *
    from learners
    where {{ viewer_sees('learners.course_id', student_hash='learners.student_hash') }}

)

select * from final

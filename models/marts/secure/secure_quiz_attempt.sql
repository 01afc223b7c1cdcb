-- One row per attempt of a learner at a quiz the viewer of this session may see.
{{ config(meta={'grain': ['attempt_id'], 'owner': 'data-team'}) }}

with attempts as (

    select * from {{ ref('bi_quiz_attempt') }}

),

final as (

    select *
    from attempts
    where {{ viewer_sees('attempts.course_id', student_hash='attempts.student_hash') }}

)

select * from final

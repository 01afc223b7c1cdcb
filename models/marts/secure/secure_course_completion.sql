-- One row per learner and course the viewer of this session may see.
{{ config(meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'}) }}

with completions as (

    select * from {{ ref('bi_course_completion') }}

),

final as (

    select *
    from completions
    where {{ viewer_sees('completions.course_id', student_hash='completions.student_hash') }}

)

select * from final

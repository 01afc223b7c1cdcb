-- One row per learner, course and warning sign the viewer of this session may see.
{{ config(meta={'grain': ['student_hash', 'course_id', 'reason'], 'owner': 'data-team'}) }}

with signs as (

    select * from {{ ref('bi_at_risk_reason') }}

),

final as (

    select
        student_hash,
        course_id,
        reason,
        list,
        course_name,
        course_code,
        category_name,
        top_category_name,
        group_names,
        as_of
    from signs
    where {{ viewer_sees('signs.course_id', student_hash='signs.student_hash') }}

)

select * from final

-- One row per learner and graded activity the viewer of this session may see.
{{ config(meta={'grain': ['student_hash', 'grade_item_id'], 'owner': 'data-team'}) }}

with grades as (

    select * from {{ ref('bi_grade') }}

),

final as (

    select *
    from grades
    where {{ viewer_sees('grades.course_id', student_hash='grades.student_hash') }}

)

select * from final

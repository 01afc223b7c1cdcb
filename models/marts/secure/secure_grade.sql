-- One row per learner and graded activity the viewer of this session may see.
{{ config(meta={'grain': ['student_hash', 'grade_item_id'], 'owner': 'data-team'}) }}

with grades as (

    select * from {{ ref('bi_grade') }}

),

final as (

    select
        student_hash,
        learner_code,
        grade_item_id,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        activity_name,
        item_module,
        graded_at,
        grade_pct,
        item_average_pct,
        is_passed,
        is_overridden
    from grades
    where {{ viewer_sees('grades.course_id', student_hash='grades.student_hash') }}

)

select * from final

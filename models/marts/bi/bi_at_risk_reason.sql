-- One row per learner and course somebody should look at, and reason why.
{{
    config(
        materialized='view',
        meta={'grain': ['student_hash', 'course_id', 'reason'], 'owner': 'data-team'},
    )
}}

with learners as (

    select * from {{ ref('bi_at_risk_learner') }}

),

final as (

    select
        learners.student_hash,
        learners.course_id,
        replace(flags.flag, '_', ' ') as reason,
        learners.list,
        learners.course_name,
        learners.course_code,
        learners.category_name,
        learners.top_category_name,
        learners.group_names,
        learners.as_of
    from learners
    cross join lateral string_to_table(learners.risk_flags, ',') as flags (flag)

)

select * from final

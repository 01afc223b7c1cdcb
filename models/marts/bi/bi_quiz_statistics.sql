-- One row per quiz and attempt scope: its statistics, with the names people filter by.
{{
    config(
        materialized='view', meta={'grain': ['quiz_id', 'attempt_scope'], 'owner': 'data-team'},
    )
}}

with statistics as (

    select * from {{ ref('quiz_statistics') }}

),

quizzes as (

    select * from {{ ref('dim_activity') }}
    where is_current and module_name = 'quiz'

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

final as (

    select
        statistics.quiz_id,
        statistics.attempt_scope,
        statistics.course_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        coalesce(quizzes.name, 'quiz ' || statistics.quiz_id) as quiz_name,
        statistics.n,
        statistics.questions_count,
        statistics.max_marks,
        (100 * statistics.avg / nullif(statistics.max_marks, 0))::numeric(7, 2) as average_pct,
        (100 * statistics.median / nullif(statistics.max_marks, 0))::numeric(7, 2) as median_pct,
        (100 * statistics.sd / nullif(statistics.max_marks, 0))::numeric(7, 2) as sd_pct,
        statistics.skewness,
        statistics.kurtosis,
        statistics.cic,
        statistics.error_ratio,
        statistics.standard_error,
        statistics.is_publishable,
        -- of first attempts there is one by each person
        coalesce(
            max(statistics.n) filter (where statistics.attempt_scope = 'first') over (
                partition by statistics.quiz_id
            ) < {{ var('min_cohort_size') }},
            true
        ) as is_small
    from statistics
    inner join course_names on statistics.course_id = course_names.course_id
    left join quizzes on statistics.quiz_id = quizzes.instance_id

)

select * from final

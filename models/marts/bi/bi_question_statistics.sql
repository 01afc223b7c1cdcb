-- One row per quiz, slot and attempt scope: how good a question is, with its names.
{{
    config(
        materialized='view',
        meta={'grain': ['quiz_id', 'slot', 'attempt_scope'], 'owner': 'data-team'},
    )
}}

with statistics as (

    select * from {{ ref('question_item_statistics') }}

),

questions as (

    select * from {{ ref('dim_question') }}

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
        statistics.slot,
        statistics.attempt_scope,
        statistics.course_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        coalesce(quizzes.name, 'quiz ' || statistics.quiz_id) as quiz_name,
        case
            when statistics.is_random then 'random'
            else coalesce(questions.question_name, 'question ' || statistics.question_id)
        end as question_name,
        case when statistics.is_random then 'random' else questions.qtype end as question_type,
        statistics.n,
        statistics.max_mark,
        statistics.facility_index,
        statistics.sd,
        statistics.random_guess_score,
        statistics.intended_weight,
        statistics.effective_weight,
        statistics.discrimination_index,
        statistics.discriminative_efficiency,
        case
            when not statistics.is_publishable then 'too few attempts'
            when statistics.discrimination_index is null then 'tells nobody apart'
            when statistics.discrimination_index < 0 then 'suspect'
            when statistics.discrimination_index < 20 then 'very weak'
            when statistics.discrimination_index < 30 then 'weak'
            when statistics.discrimination_index < 50 then 'adequate'
            else 'very good'
        end as quality,
        statistics.is_publishable,
        statistics.is_publishable and statistics.is_dubious as is_dubious,
        -- of first attempts there is one by each person
        coalesce(
            max(statistics.n) filter (where statistics.attempt_scope = 'first') over (
                partition by statistics.quiz_id, statistics.slot
            ) < {{ var('min_cohort_size') }},
            true
        ) as is_small
    from statistics
    inner join course_names on statistics.course_id = course_names.course_id
    left join questions on statistics.question_key = questions.question_key
    left join quizzes on statistics.quiz_id = quizzes.instance_id

)

select * from final

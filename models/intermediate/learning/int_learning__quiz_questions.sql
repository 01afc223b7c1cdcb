-- One row per quiz and question that an attempt ever put.
{{
    config(
        materialized='incremental',
        unique_key='quiz_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['quiz_id', 'question_id'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['quiz_id', 'question_id'], 'owner': 'data-team'},
    )
}}

with question_attempts as not materialized (

    select * from {{ ref('fact_question_attempt') }}

),

-- a quiz is recomputed whole: marking again may exchange a question for its newer version
touched as (

    select quiz_id from question_attempts
    where {{ arrived_since_last_build() }}
    group by quiz_id

),

final as (

    select
        question_attempts.quiz_id,
        question_attempts.question_id,
        max(question_attempts._load_id) as _load_id
    from question_attempts
    inner join touched on question_attempts.quiz_id = touched.quiz_id
    group by question_attempts.quiz_id, question_attempts.question_id

)

select * from final

-- One row per source row that decides what a quiz attempt's questions show, with its load.
with quizzes as (

    select * from {{ ref('stg_moodle__quiz') }}

),

quiz_attempts as (

    select * from {{ ref('stg_moodle__quiz_attempts') }}

),

question_attempts as (

    select * from {{ ref('stg_moodle__question_attempts') }}

),

steps as (

    select * from {{ ref('stg_moodle__question_attempt_steps') }}

),

-- each branch keeps the load number of one table as it is, so that its index can be used
final as (

    select
        'quiz' as origin,
        quizzes.quiz_id as origin_id,
        quiz_attempts.question_usage_id,
        quizzes._load_id
    from quizzes
    inner join quiz_attempts on quizzes.quiz_id = quiz_attempts.quiz_id

    union all

    select
        'quiz attempt' as origin,
        attempt_id as origin_id,
        question_usage_id,
        _load_id
    from quiz_attempts

    union all

    select
        'question attempt' as origin,
        question_attempt_id as origin_id,
        question_usage_id,
        _load_id
    from question_attempts

    union all

    select
        'step' as origin,
        steps.question_attempt_step_id as origin_id,
        question_attempts.question_usage_id,
        steps._load_id
    from steps
    inner join question_attempts
        on steps.question_attempt_id = question_attempts.question_attempt_id

)

select * from final

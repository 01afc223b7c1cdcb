-- Proves, per quiz attempt: the fact holds each of its questions once, none that another component
-- put, and the marks each is worth.
with source_questions as (

    select
        quiz_attempts.attempt_id,
        count(*) as questions_count,
        sum(question_attempts.max_mark) as max_mark
    from {{ ref('stg_moodle__question_attempts') }} as question_attempts
    inner join {{ ref('stg_moodle__quiz_attempts') }} as quiz_attempts
        on question_attempts.question_usage_id = quiz_attempts.question_usage_id
    group by quiz_attempts.attempt_id

),

questions as (

    select
        attempt_id,
        count(*) as questions_count,
        sum(max_mark) as max_mark
    from {{ ref('fact_question_attempt') }}
    group by attempt_id

)

select
    coalesce(source_questions.attempt_id, questions.attempt_id) as attempt_id,
    source_questions.questions_count as questions_in_moodle,
    questions.questions_count
from source_questions
full outer join questions on source_questions.attempt_id = questions.attempt_id
where
    (source_questions.questions_count, source_questions.max_mark)
    is distinct from (questions.questions_count, questions.max_mark)

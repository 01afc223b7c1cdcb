-- Proves that the marks of a finished attempt's questions add up to the marks Moodle gave the
-- attempt, which it rounds to 5 decimals. A warning, as it may fail between two loads: steps of a
-- question marked again long after the attempt arrive later than the attempt's new sum.
{{ config(severity='warn') }}

with attempts as (

    select * from {{ ref('fact_quiz_attempt') }}
    where state = 'finished' and not is_deleted and sum_marks is not null

),

questions as (

    select
        attempt_id,
        coalesce(sum(mark), 0) as mark
    from {{ ref('fact_question_attempt') }}
    where not is_deleted
    group by attempt_id

)

select
    attempts.attempt_id,
    attempts.sum_marks,
    questions.mark as marks_of_questions
from attempts
left join questions on attempts.attempt_id = questions.attempt_id
where abs(attempts.sum_marks - questions.mark) <= 0.00001 is not true

-- Proves that the time spent on the questions of an attempt is part of the time the attempt took;
-- rounding adds at most half a millisecond per question.
with questions as (

    select
        attempt_id,
        sum(time_per_question_seconds) as spent_seconds,
        count(*) as questions_count
    from {{ ref('fact_question_attempt') }}
    group by attempt_id

)

select
    attempts.attempt_id,
    attempts.duration_seconds,
    questions.spent_seconds
from {{ ref('fact_quiz_attempt') }} as attempts
inner join questions on attempts.attempt_id = questions.attempt_id
where questions.spent_seconds > attempts.duration_seconds + 0.0005 * questions.questions_count

-- Proves, per quiz and question: the days of the summary add up to the finished attempts of the
-- fact, and its difficulty to the marks they earned.
with attempts as (

    select
        questions.quiz_id,
        questions.question_id,
        count(*) as attempts_count,
        count(*) filter (where questions.is_correct) as correct_count,
        round(sum(questions.fraction), 3) as earned
    from {{ ref('fact_question_attempt') }} as questions
    inner join {{ ref('fact_quiz_attempt') }} as attempts
        on questions.attempt_key = attempts.attempt_key
    where
        attempts.state = 'finished'
        and not attempts.is_preview
        and not questions.is_deleted
        and attempts.student_hash is not null
    group by questions.quiz_id, questions.question_id

),

summary as (

    select
        quiz_id,
        question_id,
        sum(attempts_count) as attempts_count,
        sum(correct_count) as correct_count,
        round(sum((1 - difficulty_estimate) * (graded_count + gave_up_count)), 3) as earned
    from {{ ref('question_attempts_summary') }}
    group by quiz_id, question_id

)

select
    coalesce(attempts.quiz_id, summary.quiz_id) as quiz_id,
    coalesce(attempts.question_id, summary.question_id) as question_id,
    attempts.attempts_count as attempts_counted,
    summary.attempts_count
from attempts
full outer join summary
    on attempts.quiz_id = summary.quiz_id and attempts.question_id = summary.question_id
where
    (attempts.attempts_count, attempts.correct_count)
    is distinct from (summary.attempts_count, summary.correct_count)
    or abs(coalesce(attempts.earned, 0) - coalesce(summary.earned, 0)) > 0.01

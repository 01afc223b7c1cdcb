-- Proves, per quiz and state: the fact holds each attempt of Moodle once, trial runs and attempts
-- that are gone included, with the same marks.
with source_attempts as (

    select
        quiz_id,
        attempt_state as state,
        is_preview,
        count(*) as attempts_count,
        count(raw_grade) as marked_count,
        sum(raw_grade) as sum_marks
    from {{ ref('stg_moodle__quiz_attempts') }}
    group by quiz_id, attempt_state, is_preview

),

attempts as (

    select
        quiz_id,
        state,
        is_preview,
        count(*) as attempts_count,
        count(sum_marks) as marked_count,
        sum(sum_marks) as sum_marks
    from {{ ref('fact_quiz_attempt') }}
    group by quiz_id, state, is_preview

)

select
    coalesce(source_attempts.quiz_id, attempts.quiz_id) as quiz_id,
    coalesce(source_attempts.state, attempts.state) as state,
    source_attempts.attempts_count as attempts_in_moodle,
    attempts.attempts_count
from source_attempts
full outer join attempts
    on
        source_attempts.quiz_id = attempts.quiz_id
        and source_attempts.state = attempts.state
        and source_attempts.is_preview = attempts.is_preview
where
    (source_attempts.attempts_count, source_attempts.marked_count, source_attempts.sum_marks)
    is distinct from (attempts.attempts_count, attempts.marked_count, attempts.sum_marks)

-- One row per question place (slot) of a quiz attempt.
with question_attempts as (

    select * from {{ ref('stg_moodle__question_attempts') }}

),

quiz_attempts as (

    select * from {{ ref('int_moodle__quiz_attempts') }}

),

final as (

    select
        ---------- ids
        question_attempts.question_attempt_id,
        question_attempts.question_usage_id,
        question_attempts.question_id,
        quiz_attempts.attempt_id,
        quiz_attempts.quiz_id,
        quiz_attempts.course_id,
        quiz_attempts.student_hash,

        ---------- the question as it was put
        question_attempts.slot,
        question_attempts.variant,
        question_attempts.max_mark,
        question_attempts.is_flagged,

        ---------- the attempt it belongs to
        quiz_attempts.state as attempt_state,
        quiz_attempts.is_preview,
        quiz_attempts.started_at,
        quiz_attempts.finished_at,
        quiz_attempts._loaded_at as attempt_loaded_at,
        question_attempts.is_deleted or quiz_attempts.is_deleted as is_deleted,
        quiz_attempts.is_counted and not question_attempts.is_deleted as is_counted,

        ---------- bookkeeping
        greatest(question_attempts._load_id, quiz_attempts._load_id) as _load_id,
        greatest(question_attempts._loaded_at, quiz_attempts._loaded_at) as _loaded_at
    from question_attempts
    -- other components ask questions as well, in runs that no quiz attempt has
    inner join quiz_attempts
        on question_attempts.question_usage_id = quiz_attempts.question_usage_id

)

select * from final

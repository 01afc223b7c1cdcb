-- One row per step of a question in a quiz attempt: shown, saved, handed in, graded.
with steps as (

    select * from {{ ref('stg_moodle__question_attempt_steps') }}

),

question_attempts as (

    select * from {{ ref('stg_moodle__question_attempts') }}

),

quiz_attempts as (

    select * from {{ ref('stg_moodle__quiz_attempts') }}

),

classified as (

    select
        steps.question_attempt_step_id,
        steps.question_attempt_id,
        question_attempts.question_usage_id,
        steps.sequence_number,
        steps.step_state,
        steps.fraction,
        steps.created_at,
        -- negative numbers are autosaves; steps gone from a question that is still there were
        -- replaced, while those of a question that is gone are the last that is known of it
        steps.sequence_number >= 0
        and (not steps.is_deleted or question_attempts.is_deleted) as is_valid,
        steps.user_id = quiz_attempts.user_id
        and steps.created_at <= coalesce(quiz_attempts.finished_at, 'infinity') as is_by_learner,
        steps._load_id,
        steps._loaded_at
    from steps
    inner join question_attempts
        on steps.question_attempt_id = question_attempts.question_attempt_id
    inner join quiz_attempts
        on question_attempts.question_usage_id = quiz_attempts.question_usage_id

),

final as (

    select
        question_attempt_step_id,
        question_attempt_id,
        question_usage_id,
        sequence_number,
        step_state,
        fraction,
        created_at,
        is_valid,
        -- marking by a teacher or by cron is not time the learner spent
        coalesce(is_valid and is_by_learner, false) as is_work,
        _load_id,
        _loaded_at
    from classified

)

select * from final

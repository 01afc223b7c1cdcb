-- One row per attempt of a person at a quiz, with the person's pseudonym and what its quiz is.
with attempts as (

    select * from {{ ref('stg_moodle__quiz_attempts') }}

),

quizzes as (

    select * from {{ ref('stg_moodle__quiz') }}

),

activities as (

    select * from {{ ref('int_moodle__activity_instances') }}
    where module_name = 'quiz'

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

identified as (

    select
        ---------- ids
        attempts.attempt_id,
        attempts.quiz_id,
        attempts.question_usage_id,
        quizzes.course_id,
        activities.activity_id,
        case
            -- guests share one account: what they try is nobody's attempt
            when attempts.user_id > 0 and attempts.user_id <> site.guest_user_id
                then {{ student_hash('pseudonyms', 'moodle', 'attempts.user_id') }}
        end as student_hash,

        ---------- how it went
        attempts.attempt_number as attempt_no,
        attempts.attempt_state as state,
        attempts.is_preview,
        attempts.started_at,
        attempts.finished_at,
        attempts.raw_grade as sum_marks,
        quizzes.max_raw_grade as max_sum_marks,
        -- deleting a quiz deletes its attempts
        attempts.is_deleted or coalesce(quizzes.is_deleted, false) as is_deleted,

        ---------- bookkeeping
        greatest(attempts._load_id, quizzes._load_id, activities._load_id) as _load_id,
        attempts._loaded_at
    from attempts
    cross join site
    left join quizzes on attempts.quiz_id = quizzes.quiz_id
    left join activities on attempts.quiz_id = activities.instance_id
    left join pseudonyms on pseudonyms.source_user_id = attempts.user_id::text

),

final as (

    select
        *,
        -- what statistics are made of: handed in by a person, no trial run, still there
        coalesce(
            state = 'finished' and not is_preview and not is_deleted and student_hash is not null,
            false
        ) as is_counted
    from identified

)

select * from final

-- One row per attempt of a person at an H5P activity.
{{
    config(
        materialized='incremental',
        unique_key='h5p_attempt_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['h5p_attempt_id'], 'unique': true},
            {'columns': ['student_hash', 'course_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['h5p_attempt_id'], 'owner': 'data-team'},
    )
}}

-- the load number of a row is the newest among everything it is made of
with attempts as (

    select * from {{ ref('int_moodle__h5p_attempts') }}
    where {{ arrived_since_last_build() }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

activities as (

    select * from {{ ref('int_learning__activity_versions') }}

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['attempts.h5p_attempt_id']) }} as h5p_attempt_key,
        attempts.h5p_attempt_id,
        attempts.h5pactivity_id,
        attempts.activity_id,
        coalesce(activities.activity_key, {{ version_key('attempts.activity_id') }})
            as activity_key,
        attempts.course_id,
        coalesce(courses.course_key, {{ version_key('attempts.course_id') }}) as course_key,
        attempts.student_hash,
        coalesce(learners.learner_key, {{ version_key('attempts.student_hash') }}) as learner_key,
        coalesce({{ date_key(local_date('attempts.attempted_at')) }}, 0) as date_key,

        ---------- what
        attempts.attempt_no::integer as attempt_no,
        attempts.attempted_at,
        attempts.is_completed,
        attempts.is_success,

        ---------- measures
        attempts.raw_score::integer as raw_score,
        attempts.max_score::integer as max_score,
        attempts.scaled::numeric(10, 5) as scaled,
        (100.0 * attempts.raw_score / nullif(attempts.max_score, 0))::numeric(10, 4) as score_pct,
        attempts.duration_seconds::integer as duration_seconds,
        attempts.results_count::integer as results_count,
        attempts.interactions_count::integer as interactions_count,
        attempts.completed_interactions_count::integer as completed_interactions_count,
        attempts.correct_interactions_count::integer as correct_interactions_count,

        ---------- bookkeeping
        attempts.is_deleted,
        attempts._load_id,
        attempts._loaded_at
    from attempts
    left join learners
        on
            attempts.student_hash = learners.student_hash
            and {{ valid_at('learners', 'attempts.attempted_at', 'attempts._loaded_at') }}
    left join courses
        on
            attempts.course_id = courses.course_id
            and {{ valid_at('courses', 'attempts.attempted_at', 'attempts._loaded_at') }}
    left join activities
        on
            attempts.activity_id = activities.activity_id
            and {{ valid_at('activities', 'attempts.attempted_at', 'attempts._loaded_at') }}

)

select * from final

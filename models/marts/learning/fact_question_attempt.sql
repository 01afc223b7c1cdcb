-- One row per question of a quiz attempt (attempt x slot), with how it was answered.
{{
    config(
        materialized='incremental',
        unique_key='question_attempt_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['question_attempt_key'], 'unique': true},
            {'columns': ['quiz_id']},
            {'columns': ['attempt_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['question_attempt_id'], 'owner': 'data-team'},
    )
}}

-- the time of a question depends on when the others of the attempt were answered
with touched as (

    select question_usage_id from {{ ref('int_moodle__question_arrivals') }}
    where {{ arrived_since_last_build() }}

),

attempts as (

    select * from {{ ref('int_moodle__question_attempts') }}
    {% if is_incremental() %}
        where question_usage_id in (select touched.question_usage_id from touched)
    {% endif %}

),

steps as (

    select * from {{ ref('int_moodle__question_steps') }}
    {% if is_incremental() %}
        where question_usage_id in (select touched.question_usage_id from touched)
    {% endif %}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

-- a page saves its questions at one instant: they share the time since the instant before
timed as (

    select
        *,
        row_number() over (
            partition by question_attempt_id, is_valid
            order by sequence_number desc, question_attempt_step_id desc
        ) = 1 and is_valid as is_last,
        least(
            coalesce(extract(epoch from created_at - max(created_at) over before), 0),
            {{ var('dwell_cap_seconds') }}
        ) / count(*) over (partition by question_usage_id, is_work, created_at) as active_seconds
    from steps
    window before as (
        partition by question_usage_id, is_work
        order by created_at groups between 1 preceding and 1 preceding
    )

),

outcomes as (

    select
        question_attempt_id,
        max(step_state) filter (where is_last) as last_state,
        max(fraction) filter (where is_last) as fraction,
        sum(active_seconds) filter (where is_work) as active_seconds,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from timed
    group by question_attempt_id

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['attempts.question_attempt_id']) }} as question_attempt_key,
        attempts.question_attempt_id,
        {{ surrogate_key(['attempts.attempt_id']) }} as attempt_key,
        attempts.attempt_id,
        attempts.quiz_id,
        attempts.course_id,
        coalesce(courses.course_key, {{ version_key('attempts.course_id') }}) as course_key,
        attempts.student_hash,
        coalesce(learners.learner_key, {{ version_key('attempts.student_hash') }}) as learner_key,
        attempts.question_id,
        {{ version_key('attempts.question_id') }} as question_key,
        coalesce({{ date_key(local_date('attempts.finished_at')) }}, 0) as date_key,

        ---------- the question as it was put
        attempts.slot::integer as slot,
        attempts.variant::integer as variant,
        attempts.max_mark,

        ---------- how it was answered
        (attempts.max_mark * outcomes.fraction)::numeric(12, 7) as mark,
        outcomes.fraction::numeric(12, 7) as fraction,
        case
            when outcomes.last_state in ('gaveup', 'mangaveup') then false
            when outcomes.fraction is not null
                then outcomes.fraction = 1 or outcomes.last_state in ('gradedright', 'mangrright')
        end as is_correct,
        coalesce(outcomes.last_state in ('gaveup', 'mangaveup'), false) as is_gave_up,
        outcomes.fraction is not null as is_graded,
        outcomes.active_seconds::numeric(12, 3) as time_per_question_seconds,
        attempts.is_flagged as flagged,

        ---------- the attempt it belongs to
        attempts.attempt_state,
        attempts.is_preview,
        attempts.is_counted,
        attempts.finished_at,

        ---------- bookkeeping
        attempts.is_deleted,
        max(greatest(attempts._load_id, outcomes._load_id)) over quiz_attempt as _load_id,
        greatest(attempts._loaded_at, outcomes._loaded_at) as _loaded_at
    from attempts
    left join outcomes on attempts.question_attempt_id = outcomes.question_attempt_id
    left join learners
        on
            attempts.student_hash = learners.student_hash
            and {{ valid_at('learners', 'attempts.started_at', 'attempts.attempt_loaded_at') }}
    left join courses
        on
            attempts.course_id = courses.course_id
            and {{ valid_at('courses', 'attempts.started_at', 'attempts.attempt_loaded_at') }}
    window quiz_attempt as (partition by attempts.question_usage_id)

)

select * from final

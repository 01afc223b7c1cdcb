-- One row per attempt of a person at a quiz, previews and deleted attempts included.
{{
    config(
        materialized='incremental',
        unique_key='attempt_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['attempt_key'], 'unique': true},
            {'columns': ['attempt_id']},
            {'columns': ['quiz_id', 'student_hash']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['attempt_id'], 'owner': 'data-team'},
    )
}}
-- statistics take the arrivals of that fact and join this one, which must not be the older:
-- depends_on: {{ ref('fact_question_attempt') }}

with attempts as not materialized (

    select * from {{ ref('int_moodle__quiz_attempts') }}

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

{% if is_incremental() %}
    -- all attempts of a person at a quiz are ranked together
    touched as (

        {{ touched_keys(
            'attempts', ['student_hash', 'quiz_id'], 'attempt_id', ['attempt_id = any']
        ) }}

    ),
{% endif %}

affected as (

    select attempts.* from attempts
    {% if is_incremental() %}
        inner join touched
            on
                attempts.quiz_id = touched.quiz_id
                and coalesce(attempts.student_hash, '') = coalesce(touched.student_hash, '')
    {% endif %}

),

ranked as (

    select
        *,
        row_number() over (runs order by attempt_no, attempt_id) as number_from_first,
        row_number() over (runs order by attempt_no desc, attempt_id desc) as number_from_last,
        row_number() over (runs order by sum_marks desc nulls last, attempt_no asc, attempt_id asc)
            as number_from_best,
        max(_load_id) over (partition by student_hash, quiz_id) as unit_load_id
    from affected
    window runs as (partition by student_hash, quiz_id, is_counted)

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['ranked.attempt_id']) }} as attempt_key,
        ranked.attempt_id,
        ranked.quiz_id,
        coalesce(activities.activity_key, {{ version_key('ranked.activity_id') }}) as quiz_key,
        ranked.activity_id,
        ranked.course_id,
        coalesce(courses.course_key, {{ version_key('ranked.course_id') }}) as course_key,
        ranked.student_hash,
        coalesce(learners.learner_key, {{ version_key('ranked.student_hash') }}) as learner_key,
        coalesce({{ date_key(local_date('ranked.started_at')) }}, 0) as date_key,

        ---------- what and when
        ranked.attempt_no::integer as attempt_no,
        ranked.state,
        ranked.is_preview,
        ranked.started_at,
        ranked.finished_at,
        extract(epoch from ranked.finished_at - ranked.started_at)::integer as duration_seconds,
        ranked.sum_marks,
        ranked.max_sum_marks,
        (100 * ranked.sum_marks / nullif(ranked.max_sum_marks, 0))::numeric(10, 5) as grade_pct,

        ---------- ranks among the person's counted attempts
        ranked.is_counted,
        ranked.is_counted and ranked.number_from_first = 1 as is_first_attempt,
        ranked.is_counted and ranked.number_from_last = 1 as is_last,
        ranked.is_counted and ranked.number_from_best = 1 and ranked.sum_marks is not null
            as is_best,

        ---------- bookkeeping
        ranked.is_deleted,
        ranked.unit_load_id as _load_id,
        ranked._loaded_at
    from ranked
    left join learners
        on
            ranked.student_hash = learners.student_hash
            and {{ valid_at('learners', 'ranked.started_at', 'ranked._loaded_at') }}
    left join courses
        on
            ranked.course_id = courses.course_id
            and {{ valid_at('courses', 'ranked.started_at', 'ranked._loaded_at') }}
    left join activities
        on
            ranked.activity_id = activities.activity_id
            and {{ valid_at('activities', 'ranked.started_at', 'ranked._loaded_at') }}

)

select * from final

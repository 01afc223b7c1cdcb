-- One row per day, quiz and question with finished attempts.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key='quiz_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['summary_key'], 'unique': true},
            {'columns': ['quiz_id']},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['date', 'quiz_id', 'question_id'],
            'owner': 'data-team', 'kind': 'aggregate',
            'exists_column': 'attempts_count',
        },
    )
}}

with question_attempts as not materialized (

    select
        *,
        {{ local_date('finished_at') }} as finished_date
    from {{ ref('fact_question_attempt') }}

),

-- a quiz is recomputed whole: an attempt does not tell on which day it was counted before
touched as (

    select
        quiz_id,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from question_attempts
    {% if is_incremental() %}
        where
            quiz_id in (
                select arrived.quiz_id from question_attempts as arrived
                where {{ arrived_since_last_build('arrived') }}
            )
    {% endif %}
    group by quiz_id

),

finished as (

    select
        quiz_id,
        question_id,
        question_key,
        finished_date,
        max(course_id) as course_id,
        count(*)::integer as attempts_count,
        count(*) filter (where is_correct)::integer as correct_count,
        count(*) filter (where is_graded)::integer as graded_count,
        count(*) filter (where is_gave_up)::integer as gave_up_count,
        avg(time_per_question_seconds) as avg_time_spent,
        -- who gives a question up gets nothing for it; what awaits marking does not count yet
        avg(case when is_gave_up then 0 else fraction end) as facility_index
    from question_attempts
    where
        is_counted
        and quiz_id in (select touched.quiz_id from touched)
    group by quiz_id, question_id, question_key, finished_date

),

final as (

    select
        finished.finished_date as date,
        touched.quiz_id,
        finished.question_id,
        finished.attempts_count,
        finished.correct_count,
        finished.avg_time_spent::numeric(12, 3) as avg_time_spent,
        (1 - finished.facility_index)::numeric(10, 7) as difficulty_estimate,

        ---------- more than the contract asks for
        {{ surrogate_key([
            date_key('finished.finished_date'), 'touched.quiz_id', 'finished.question_id'
        ]) }} as summary_key,
        coalesce({{ date_key('finished.finished_date') }}, 0) as date_key,
        finished.course_id,
        finished.question_key,
        finished.graded_count,
        finished.gave_up_count,
        finished.attempts_count < {{ var('min_cohort_size') }} as is_small,
        touched._load_id,
        touched._loaded_at
    from touched
    left join finished on touched.quiz_id = finished.quiz_id

)

select * from final

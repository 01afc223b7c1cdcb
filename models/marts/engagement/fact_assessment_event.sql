-- One row per event of an assessment of the application: started, submitted or graded.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='event_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['assessment_id', 'student_hash']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['event_key'], 'owner': 'data-team'},
    )
}}

with events as (

    select * from {{ ref('fact_learning_event') }}
    where topic = 'assessment.events' and {{ arrived_since_last_build() }}

),

final as (

    select
        ---------- keys
        event_key,
        learner_key,
        course_key,
        date_key,

        ---------- ids
        event_id,
        student_hash,
        source_object_id as assessment_id,
        course_id,
        session_id,

        ---------- what happened
        event_name as event_type,
        attempt_no,
        score,
        max_score,
        case when max_score > 0 then 100 * score / max_score end::numeric(12, 2) as score_pct,
        duration_seconds,
        is_misdated,
        ts,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from events

)

select * from final

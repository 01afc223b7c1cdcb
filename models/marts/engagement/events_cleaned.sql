-- One row per event of the event lane that tells of learning: cleaned, placed, without copies.
{{
    config(
        materialized='view',
        meta={'grain': ['event_key'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with events as (

    select * from {{ ref('fact_learning_event') }}
    where topic is not null

),

final as (

    select
        ---------- promised columns, in the promised order
        event_id,
        student_hash,
        event_name as event_type,
        ts,
        {{ local_date('ts') }} as date,
        course_id,
        chapter_id,
        session_id,
        device_type,
        ip_geo,
        -- of typed columns only: what no contract names stays in raw
        jsonb_strip_nulls(
            jsonb_build_object(
                'page', page,
                'object', source_object_id,
                'parent', source_parent_id,
                'subject', subject,
                'source_session_id', source_session_id,
                'scroll_depth', scroll_depth,
                'duration_seconds', duration_seconds,
                'video_length_seconds', video_length_seconds,
                'watched_from_seconds', watched_from_seconds,
                'watched_to_seconds', watched_to_seconds,
                'score', score,
                'max_score', max_score,
                'is_correct', is_correct,
                'attempt_no', attempt_no
            )
        ) as metadata,

        ---------- more
        event_key,
        topic,
        source,
        is_error,
        is_misdated,
        _load_id,
        _loaded_at
    from events

)

select * from final

-- One row per session of any kind: the columns that were promised first, then what it was like.
{{
    config(
        materialized='view',
        meta={'grain': ['session_id'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with learning as (

    select * from {{ ref('fact_session') }}

),

final as (

    select
        ---------- promised columns, in the promised order
        session_id,
        student_hash,
        session_start,
        session_end,
        session_duration_seconds,
        events_count,
        device_type,
        is_mobile,

        ---------- more
        'learning'::text as session_kind,
        learner_key,
        date_key,
        source_session_id,
        source_sessions_count,
        entry_page,
        exit_page,
        engaged_seconds,
        is_bounce,
        is_open,
        _load_id,
        _loaded_at
    from learning

)

select * from final

-- One row per session of any kind: the columns that were promised first, then what it was like.
{{
    config(
        materialized='view',
        meta={'grain': ['session_id'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set shared = [
    'session_id', 'student_hash', 'session_start', 'session_end', 'session_duration_seconds',
    'events_count', 'learner_key', 'date_key', 'source_session_id', 'source_sessions_count',
    'entry_page', 'exit_page', 'is_bounce', '_load_id', '_loaded_at',
] %}

with learning as (

    select * from {{ ref('fact_session') }}

),

shopping as (

    select * from {{ ref('int_commerce__sessions') }}

),

all_kinds as (

    select
        {{ shared | join(', ') }},
        'learning'::text as session_kind,
        device_type,
        is_mobile,
        engaged_seconds,
        is_open
    from learning

    union all

    -- the shop tells no device, and time in it is no study time
    select
        {{ shared | join(', ') }},
        'shopping'::text as session_kind,
        'other' as device_type,
        false as is_mobile,
        null::integer as engaged_seconds,
        null::boolean as is_open
    from shopping

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
        session_kind,
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
    from all_kinds

)

select * from final

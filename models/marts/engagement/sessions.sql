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

shopping as (

    select * from {{ ref('int_commerce__sessions') }}

),

-- a clock that ran ahead must not decide what "now" is
shop as (

    select max(session_end) as as_of from shopping
    where session_end <= _loaded_at

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

    union all

    select
        shopping.session_id,
        shopping.student_hash,
        shopping.session_start,
        shopping.session_end,
        shopping.session_duration_seconds,
        shopping.events_count,
        null as device_type,
        null as is_mobile,
        'shopping' as session_kind,
        shopping.learner_key,
        shopping.date_key,
        shopping.source_session_id,
        shopping.source_sessions_count,
        shopping.entry_page,
        shopping.exit_page,
        -- shopping is no study time
        null as engaged_seconds,
        shopping.is_bounce,
        shopping.session_end
        >= shop.as_of - interval '{{ var("session_timeout_minutes") }} minutes' as is_open,
        shopping._load_id,
        shopping._loaded_at
    from shopping
    cross join shop

)

select * from final

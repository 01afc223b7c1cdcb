-- One row per record of proctoring.violations that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['user_id']) }} as user_id
    from {{ source('events', 'proctoring_violations') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id') }} as person_system,
        user_id as person_id,
        {{ json_id('payload', ['assessment_id']) }} as assessment_id,
        {{ json_id('payload', ['attempt_id']) }} as attempt_id,
        {{ json_id('payload', ['properties', 'violation_event_id']) }} as violation_event_id,
        ---------- what happened
        {{ json_value('payload', ['event_type']) }} as event_type,
        {{ json_value('payload', ['properties', 'violation_type']) }} as violation_type,
        {{ json_value('payload', ['properties', 'severity'], 'smallint') }} as severity,
        {{ json_value('payload', ['properties', 'confidence'], 'numeric') }} as confidence,
        {{ json_value('payload', ['properties', 'reviewed_outcome']) }} as reviewed_outcome,
        payload -> 'properties' as properties,
        ---------- timestamps
        {{ json_value('payload', ['timestamp'], 'timestamptz') }} as occurred_at,
        produced_at,
        ---------- bookkeeping
        lane,
        source_partition,
        source_offset,
        _load_id,
        _loaded_at
    from source

)

select * from final

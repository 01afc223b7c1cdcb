-- One row per record of assessment.events that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['user_id']) }} as user_id,
        split_part({{ json_value('payload', ['collector', 'ip_network']) }}, '/', 1)
            as client_address
    from {{ source('events', 'assessment_events') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id') }} as person_system,
        user_id as person_id,
        {{ json_id('payload', ['assessment_id']) }} as assessment_id,
        {{ json_id('payload', ['course_id']) }} as course_code,
        ---------- what happened
        {{ json_value('payload', ['event_type']) }} as event_type,
        {{ json_value('payload', ['properties', 'attempt'], 'integer') }} as attempt_no,
        {{ json_value('payload', ['properties', 'score'], 'numeric') }} as score,
        {{ json_value('payload', ['properties', 'max_score'], 'numeric') }} as max_score,
        {{ json_value('payload', ['properties', 'duration_seconds'], 'numeric') }}
            as duration_seconds,
        ---------- how
        {{ json_value('payload', ['collector', 'device_class']) }} as collector_device_class,
        {{ truncate_ip('client_address') }} as ip_network,
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

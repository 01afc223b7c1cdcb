-- One row per record of meeting.events that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['user_id']) }} as user_id
    from {{ source('events', 'meeting_events') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id') }} as person_system,
        user_id as person_id,
        {{ json_id('payload', ['meeting_id']) }} as meeting_id,
        {{ json_id('payload', ['classroom_id']) }} as classroom_id,
        {{ json_id('payload', ['course_id']) }} as course_code,
        ---------- what happened
        {{ json_value('payload', ['event_type']) }} as event_type,
        {{ json_value('payload', ['properties', 'participant_count'], 'integer') }}
            as participant_count,
        {{ json_value('payload', ['properties', 'duration_minutes'], 'numeric') }}
            as duration_minutes,
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

-- One row per record of user.events that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['user_id']) }} as user_id,
        {{ json_value('payload', ['properties', 'page']) }} as address,
        split_part({{ json_value('payload', ['collector', 'ip_network']) }}, '/', 1)
            as client_address
    from {{ source('events', 'user_events') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id') }} as person_system,
        user_id as person_id,
        {{ json_id('payload', ['properties', 'session_id']) }} as source_session_id,
        {{ json_id('payload', ['properties', 'course_id']) }} as course_code,
        ---------- what happened
        {{ json_value('payload', ['event_type']) }} as event_type,
        {{ page_path('address') }} as page,
        {{ json_value('payload', ['properties', 'method']) }} as method,
        {{ json_value('payload', ['properties', 'status_code'], 'smallint') }} as status_code,
        {{ json_value('payload', ['properties', 'duration_ms'], 'numeric') }} as duration_ms,
        ---------- how
        {{ json_value('payload', ['properties', 'device']) }} as device,
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

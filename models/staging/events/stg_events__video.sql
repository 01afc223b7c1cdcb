-- One row per record of video that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['student_id']) }} as user_id,
        {{ json_value('payload', ['page_url']) }} as address,
        split_part({{ json_value('payload', ['collector', 'ip_network']) }}, '/', 1)
            as client_address
    from {{ source('events', 'video') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id') }} as person_system,
        user_id as person_id,
        {{ json_id('payload', ['session_id']) }} as source_session_id,
        {{ json_id('payload', ['course_id']) }} as course_code,
        {{ json_id('payload', ['chapter_id']) }} as chapter_code,
        coalesce(
            {{ json_id('payload', ['video_id']) }},
            {{ json_id('payload', ['metadata', 'video_id']) }}
        ) as video_id,
        ---------- what happened
        {{ json_value('payload', ['event_type']) }} as event_type,
        {{ page_path('address') }} as page,
        {{ json_value('payload', ['metadata', 'duration'], 'numeric') }} as duration_seconds,
        {{ json_value('payload', ['metadata', 'video_length'], 'numeric') }}
            as video_length_seconds,
        {{ json_value('payload', ['metadata', 'watched_from'], 'numeric') }}
            as watched_from_seconds,
        {{ json_value('payload', ['metadata', 'watched_to'], 'numeric') }} as watched_to_seconds,
        ---------- how
        {{ json_value('payload', ['metadata', 'device']) }} as device,
        {{ json_value('payload', ['collector', 'device_class']) }} as collector_device_class,
        {{ truncate_ip('client_address') }} as ip_network,
        payload -> 'metadata' as metadata,
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

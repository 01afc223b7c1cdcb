-- One row per record of quiz that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['student_id']) }} as user_id,
        {{ json_value('payload', ['page_url']) }} as address,
        split_part({{ json_value('payload', ['collector', 'ip_network']) }}, '/', 1)
            as client_address
    from {{ source('events', 'quiz') }}

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
        {{ json_id('payload', ['quiz_id']) }} as quiz_id,
        {{ json_id('payload', ['question_id']) }} as question_id,
        ---------- what happened
        {{ json_value('payload', ['event_type']) }} as event_type,
        {{ page_path('address') }} as page,
        {{ json_value('payload', ['metadata', 'duration'], 'numeric') }} as duration_seconds,
        {{ json_value('payload', ['metadata', 'is_correct'], 'boolean') }} as is_correct,
        {{ json_value('payload', ['metadata', 'score'], 'numeric') }} as score,
        {{ json_value('payload', ['metadata', 'max_score'], 'numeric') }} as max_score,
        {{ json_value('payload', ['metadata', 'attempt'], 'integer') }} as attempt_no,
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

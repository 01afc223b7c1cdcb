-- One row per record of learning.progress that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['user_id']) }} as user_id,
        split_part({{ json_value('payload', ['collector', 'ip_network']) }}, '/', 1)
            as client_address
    from {{ source('events', 'learning_progress') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id') }} as person_system,
        user_id as person_id,
        {{ json_id('payload', ['lesson_id']) }} as lesson_id,
        {{ json_id('payload', ['course_id']) }} as course_code,
        ---------- what happened
        {{ json_value('payload', ['subject']) }} as subject,
        {{ json_value('payload', ['status']) }} as status,
        {{ json_value('payload', ['score'], 'numeric') }} as score,
        {{ json_value('payload', ['time_spent_minutes'], 'numeric') }} as time_spent_minutes,
        ---------- how
        {{ json_value('payload', ['collector', 'device_class']) }} as collector_device_class,
        {{ truncate_ip('client_address') }} as ip_network,
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

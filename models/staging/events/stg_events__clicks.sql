-- One row per record of clicks that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['user_id']) }} as user_id,
        {{ json_id('payload', ['session_id']) }} as source_session_id
    from {{ source('events', 'clicks') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id', visitor='source_session_id') }} as person_system,
        coalesce(user_id, source_session_id) as person_id,
        source_session_id,
        {{ json_id('payload', ['product_id']) }} as product_id,
        ---------- what happened
        {{ json_value('payload', ['page']) }} as page,
        {{ json_value('payload', ['referrer']) }} as referrer,
        ---------- timestamps
        {{ json_value('payload', ['ts'], 'timestamptz') }} as occurred_at,
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

-- One row per record of purchase that kept its contract, copies included.
with source as (

    select
        *,
        {{ json_id('payload', ['user_id']) }} as user_id,
        {{ json_id('payload', ['session_id']) }} as source_session_id
    from {{ source('events', 'purchase') }}

),

final as (

    select
        ---------- ids
        {{ json_id('payload', ['event_id']) }} as event_id,
        {{ event_person_system('user_id', visitor='source_session_id') }} as person_system,
        coalesce(user_id, source_session_id) as person_id,
        source_session_id,
        {{ json_value('payload', ['stripe_payment_intent_id']) }} as stripe_payment_intent_id,
        ---------- what happened
        payload -> 'items' as items,
        {{ json_value('payload', ['total_amount'], 'numeric') }} as total_amount,
        {{ json_value('payload', ['currency']) }} as currency,
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

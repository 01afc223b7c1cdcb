-- One row per record that no contract lets in; the record itself stays in raw.
with source as (

    select * from {{ source('events', 'dead_letter') }}

),

final as (

    select
        ---------- ids
        dead_letter_id,
        topic,
        lane,
        source_partition,
        source_offset,
        ---------- why
        error_class,
        reason,
        contract_version,
        length(payload) as payload_bytes,
        ---------- what became of it
        attempts as attempts_count,
        replayed_at is not null as is_replayed,
        ---------- timestamps
        produced_at,
        last_attempt_at,
        replayed_at,
        ---------- bookkeeping
        _load_id,
        _loaded_at
    from source

)

select * from final

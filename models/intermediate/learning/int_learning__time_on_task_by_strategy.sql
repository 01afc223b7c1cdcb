-- One row per person and day with a session event: its time on task by every published strategy.
with events as (

    select
        *,
        {{ local_date('ts') }} as date
    from {{ ref('fact_learning_event') }}
    where is_session_event

),

gaps as (

    select
        date,
        student_hash,
        is_login_as,
        reported_seconds,
        extract(
            epoch from lead(ts) over (
                partition by session_id
                order by ts, event_id
            ) - ts
        ) as gap
    from events

),

-- the gap to the next event of the session, so there is one but after the last
dwells as (

    select
        date,
        student_hash,
        {{ dwell('gap', 'gap is not null', 'reported_seconds', 'gap_cap') }} as gap_cap,
        {{ dwell('gap', 'gap is not null', 'reported_seconds', 'gap_drop') }} as gap_drop,
        {{ dwell('gap', 'gap is not null', 'reported_seconds', 'session_span') }} as session_span,
        {{ dwell('gap', 'gap is not null', 'reported_seconds', 'explicit') }} as explicit,
        is_login_as
    from gaps

),

final as (

    select
        date,
        student_hash,
        coalesce(sum(gap_cap) filter (where not is_login_as), 0)::integer as gap_cap_seconds,
        coalesce(sum(gap_drop) filter (where not is_login_as), 0)::integer as gap_drop_seconds,
        coalesce(sum(session_span) filter (where not is_login_as), 0)::integer
            as session_span_seconds,
        coalesce(sum(explicit) filter (where not is_login_as), 0)::integer as explicit_seconds
    from dwells
    group by date, student_hash

)

select * from final

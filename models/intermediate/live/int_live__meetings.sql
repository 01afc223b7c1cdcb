-- One row per meeting, with its begin and end, which is made up where nobody told it.
with events as (

    select * from {{ ref('int_live__meeting_events') }}
    where not is_misdated

),

meetings as (

    select
        meeting_id,
        (array_agg(classroom_id order by ts, event_id) filter (where classroom_id is not null))[1]
            as classroom_id,
        (array_agg(course_id order by ts, event_id) filter (where course_id is not null))[1]
            as course_id,
        (array_agg(student_hash order by ts, event_id) filter (
            where event_type = 'meeting_created'
        ))[1] as host_hash,
        min(ts) filter (where event_type = 'meeting_created') as opened_at,
        max(ts) filter (where event_type = 'meeting_ended') as told_end_at,
        min(ts) as first_event_at,
        max(ts) as last_event_at,
        max(ts) filter (where event_type = 'participant_joined') as last_joined_at,
        max(participant_count) as reported_participants,
        max(duration_minutes) as reported_duration_minutes,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from events
    group by meeting_id

),

ended as (

    select
        *,
        coalesce(
            told_end_at,
            greatest(
                coalesce(last_joined_at, first_event_at)
                + interval '{{ var("meeting_cap_minutes") }} minutes',
                last_event_at
            )
        ) as ended_at
    from meetings

),

final as (

    select
        ---------- ids
        meeting_id,
        classroom_id,
        course_id,
        host_hash,

        ---------- what happened
        -- two clocks may disagree; those of the people who came are bounded by the end
        least(coalesce(opened_at, first_event_at), ended_at) as created_at,
        ended_at,
        told_end_at is null as is_imputed,
        reported_participants,
        reported_duration_minutes,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from ended

)

select * from final

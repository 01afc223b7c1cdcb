-- One row per record of a topic that tells of learning, copies included, with person and place.
with records as (

    select * from {{ ref('int_events__learning_records') }}

),

event_types as (

    select * from {{ ref('event_types') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}

),

networks as (

    select * from {{ ref('int_events__networks') }}

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

identified as (

    select
        records.*,
        event_types.component,
        event_types.action,
        event_types.target,
        event_types.verb,
        event_types.crud,
        event_types.edulevel,
        coalesce(event_types.is_engagement, true) as is_engagement,
        networks.ip_geo,
        case
            -- guests share one account of Moodle
            when records.person_system <> 'moodle' or records.person_id <> site.guest_user_id::text
                then {{ event_student_hash('pseudonyms', 'records') }}
        end as student_hash,
        -- the edge knows best, unless it is at a loss: a server that passes events on has no device
        coalesce(
            nullif(records.collector_device_class, 'other'), records.device,
            records.collector_device_class
        ) as device_told,
        coalesce(records.status_code >= 400, false) as is_error,
        {{ is_misdated('records.occurred_at', 'records._loaded_at') }} as is_misdated
    from records
    cross join site
    left join pseudonyms
        on
            records.person_system = pseudonyms.source_system
            and records.person_id = pseudonyms.source_user_id
    left join event_types
        on records.topic = event_types.topic and records.event_type = event_types.event_type
    left join networks on records.ip_network = networks.network

),

final as (

    select
        ---------- ids
        event_id,
        lane as source,
        topic,
        source_partition,
        source_offset,
        student_hash,
        {{ event_course_id('course_code', 'page') }} as course_id,
        {{ event_activity_id('page') }} as activity_id,
        {{ event_chapter_id('chapter_code', 'page') }} as named_chapter_id,
        source_session_id,
        object_id as source_object_id,
        parent_id as source_parent_id,
        subject,

        ---------- what happened
        event_type as event_name,
        coalesce(verb, 'interacted') as verb,
        component,
        action,
        target,
        case when object_id is not null then target end as object_table,
        crud,
        edulevel,
        page,
        {{ device_class('device_told') }} as device_type,
        ip_geo,
        -- pages that bounce, and windows longer than their page, measure beyond the ends
        case
            when scroll_depth is not null then least(greatest(scroll_depth, 0), 100)
        end::numeric(5, 2) as scroll_depth,
        duration_seconds::numeric(14, 6) as duration_seconds,
        -- how long a page was read; what answers, attempts and lessons took lies before the event
        case
            when action = 'viewed' and duration_seconds is not null
                then least(floor(duration_seconds), {{ var('dwell_cap_seconds') }})
            -- of a video the stretch since the event before
            when watched_from_seconds < watched_to_seconds
                then least(
                    floor(watched_to_seconds - watched_from_seconds), {{ var('dwell_cap_seconds') }}
                )
        end::integer as reported_seconds,
        video_length_seconds::numeric(12, 3) as video_length_seconds,
        watched_from_seconds::numeric(12, 3) as watched_from_seconds,
        watched_to_seconds::numeric(12, 3) as watched_to_seconds,
        score::numeric(12, 4) as score,
        max_score::numeric(12, 4) as max_score,
        is_correct,
        attempt_no,

        ---------- classification
        is_error,
        is_misdated,
        student_hash is not null and not is_misdated as is_session_event,
        student_hash is not null and not is_misdated and not is_error and is_engagement
            as is_engagement_event,

        ---------- timestamps
        occurred_at as ts,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from identified

)

select * from final

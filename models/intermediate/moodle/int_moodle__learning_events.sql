-- One row per row of Moodle's log: cleaned, pseudonymised and classified.
with events as (

    select * from {{ ref('stg_moodle__logstore_standard_log') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

verbs as (

    select * from {{ ref('moodle_verbs') }}

),

networks as (

    select * from {{ ref('int_events__networks') }}

),

identified as (

    select
        events.*,
        coalesce(verbs.verb, 'interacted') as verb,
        networks.ip_geo,
        case
            -- guests share one account and 0 means not logged in: neither is a person
            when events.user_id > 0 and events.user_id <> site.guest_user_id
                then {{ student_hash('pseudonyms', 'moodle', 'events.user_id') }}
        end as student_hash,
        {{ is_misdated('events.occurred_at', 'events._loaded_at') }} as is_misdated
    from events
    cross join site
    left join pseudonyms on pseudonyms.source_user_id = events.user_id::text
    left join verbs on events.action = verbs.action
    left join networks on events.ip_network = networks.network

),

final as (

    select
        ---------- ids
        -- padded, so that ids sort as text the way they were given
        'moodle-' || lpad(log_id::text, 12, '0') as event_id,
        'moodle_log'::text as source,
        student_hash,
        -- 0, null and 1 (the front page) are not courses
        case when course_id > 1 then course_id end as course_id,
        case when context_level = 70 then context_instance_id end as activity_id,
        -- an event of a chapter names it; for others the section of the activity is looked up
        case
            -- -31337 is what a restore writes for an object it did not bring along
            when is_anonymous or object_id <= 0 then null
            when object_table = 'book_chapters' then 'book_chapter-' || object_id
            when object_table = 'course_sections' then 'section-' || object_id
        end as named_chapter_id,

        ---------- what happened
        event_name,
        verb,
        component,
        action,
        target,
        object_table,
        -- the object of an anonymous event is the answer itself, and that of a log-in the person
        case
            when not is_anonymous and coalesce(object_table, '') <> 'user' then object_id
        end as object_id,
        crud_code as crud,
        education_level as edulevel,
        origin,
        -- of a browser the log does not tell which device it is on
        case when origin = 'ws' then 'app' end as device_type,
        ip_geo,

        ---------- classification
        real_user_id is not null as is_login_as,
        is_anonymous,
        -- restoring a course backup copies old events: new ids, old times, no origin
        origin is null or origin = 'restore' as is_restored,
        is_misdated,
        coalesce(
            origin in ('web', 'ws') and student_hash is not null and not is_misdated, false
        ) as is_session_event,
        coalesce(
            origin in ('web', 'ws')
            and student_hash is not null
            and not is_misdated
            and real_user_id is null
            and not is_anonymous
            and event_name not in (
                '{{ var("background_events") | join("', '") }}' -- noqa: LT05
            ),
            false
        ) as is_engagement_event,

        ---------- timestamps
        occurred_at as ts,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from identified

)

select * from final

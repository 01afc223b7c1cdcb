-- One row per session: a maximal run of one person's events without a longer break.
{{
    config(
        materialized='incremental',
        event_time='session_start',
        unique_key='session_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['session_id'], 'unique': true},
            {'columns': ['student_hash', 'session_start']},
            {'columns': ['is_open']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['session_id'], 'owner': 'data-team', 'exists_column': 'events_count'},
    )
}}

{%- set timeout = "interval '" ~ var('session_timeout_minutes') ~ " minutes'" %}

with events as not materialized (

    select
        *,
        coalesce(page, event_name) as page_name
    from {{ ref('fact_learning_event') }}
    where session_id is not null

),

site as (

    select last_seen_at as as_of from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

changed as (

    {{ touched_places('events', ['session_id']) }}

),

touched as (

    {{ touched_sessions('changed') }}
    {% if is_incremental() %}
        union
        -- sessions that have ended since
        select built.session_id
        from {{ this }} as built
        cross join site
        where built.is_open and built.session_end < site.as_of - {{ timeout }}
        union
        -- and those that had, should the last event of all have been dated back
        select built.session_id
        from {{ this }} as built
        cross join site
        where
            not built.is_open and built.session_end >= site.as_of - {{ timeout }}
            and exists (
                select 1 from ({{ former_places() }}) as moved
                where moved.is_redated
            )
    {% endif %}

),

sessions as (

    select
        events.session_id,
        min(events.student_hash) as student_hash,
        (array_agg(events.learner_key order by events.ts, events.event_id))[1] as learner_key,
        min(events.ts) as session_start,
        max(events.ts) as session_end,
        count(*)::integer as events_count,
        count(*) filter (where events.is_engagement_event)::integer as engagement_events_count,
        count(distinct events.course_id)::integer as courses_count,
        -- what an administrator did in the person's name is not the person's time
        coalesce(
            sum(events.dwell_seconds) filter (where not coalesce(events.is_login_as, false)), 0
        )::integer as engaged_seconds,
        count(*) filter (where events.topic is null)::integer as moodle_events_count,
        (
            array_agg(events.source_session_id order by events.ts, events.event_id)
            filter (where events.source_session_id is not null)
        )[1] as source_session_id,
        count(distinct events.source_session_id)::integer as source_sessions_count,
        {{ session_device('events') }} as device_type,
        bool_or(events.is_login_as) as is_login_as,
        (array_agg(events.page_name order by events.ts, events.event_id))[1] as entry_page,
        (array_agg(events.page_name order by events.ts desc, events.event_id desc))[1]
            as exit_page,
        max(events._load_id) as _load_id,
        max(events._loaded_at) as _loaded_at
    from events
    {% if is_incremental() %}
        where events.session_id in (select touched.session_id from touched)
    {% endif %}
    group by events.session_id

),

final as (

    select
        ---------- ids
        touched.session_id,
        sessions.student_hash,
        sessions.learner_key,
        {{ date_key(local_date('sessions.session_start')) }} as date_key,

        ---------- measures
        sessions.session_start,
        sessions.session_end,
        floor(extract(epoch from sessions.session_end - sessions.session_start))::integer
            as session_duration_seconds,
        sessions.events_count,
        sessions.engagement_events_count,
        sessions.courses_count,
        sessions.engaged_seconds,
        '{{ var("tot_strategy") }}'::text as tot_strategy,
        sessions.moodle_events_count,

        ---------- how
        sessions.source_session_id,
        sessions.source_sessions_count,
        sessions.device_type,
        sessions.device_type in ('mobile', 'tablet', 'app') as is_mobile,
        sessions.entry_page,
        sessions.exit_page,

        ---------- flags
        sessions.events_count = 1 as is_bounce,
        sessions.session_end >= site.as_of - {{ timeout }} as is_open,
        sessions.is_login_as,
        sessions.session_end - sessions.session_start
        > interval '{{ var("session_max_hours") }} hours' as is_overlong,

        ---------- bookkeeping
        sessions._load_id,
        sessions._loaded_at
    from touched
    left join sessions on touched.session_id = sessions.session_id
    left join site on true

)

select * from final
